export interface Message {
  readonly id: string;
  readonly from: string;
  /** Addresses of the envelope, comma-separated. */
  readonly to: string;
  readonly subject: string;
  readonly message_id: string;
  readonly received_at: string;
  readonly text: string;
  readonly html: string;
}

export interface Mailbox {
  readonly url: string;
  readonly smtp: string;
  readonly messages: readonly Message[];
  stop(): Promise<void>;
}

/** Starts it on free ports; mails of earlier runs in `folder` are there again. */
export function startMailbox(options: { folder: string }): Promise<Mailbox>;
