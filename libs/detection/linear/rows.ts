/** One labelled text of the training folder, as its README describes it. */
export interface Row {
  readonly id: string;
  readonly source: string;
  readonly prompt: string;
  readonly text: string;
  /** 1 misuse, 0 refusal or harmless, null not judged. */
  readonly label: 0 | 1 | null;
  readonly family: string;
  /** Rows of one group stand on one side of every split. */
  readonly group: string;
  readonly kind?: string;
}
