/** Counts of one batch, added up in memory so that a batch writes a row a kind and not a row an event. */

export interface TallyPlace {
  /** Milliseconds since 1970; counted in its minute. */
  readonly at: number;
  readonly model?: string | undefined;
  readonly stage?: string | undefined;
  readonly purpose?: string | undefined;
}

export interface TallyRow {
  readonly minute: number;
  readonly model: string;
  readonly stage: string;
  readonly purpose: string;
  readonly measure: string;
  readonly label: string;
  count: number;
}

const minuteMs = 60_000;
/** Longer or more names than these are counted together: a stranger's invention must not fill the table. */
const nameLength = 100;
const namesABatch = 200;

export class TallySheet {
  private readonly places = new Map<
    string,
    { place: Omit<TallyRow, 'measure' | 'label' | 'count'>; counts: Map<string, TallyRow> }
  >();

  /** Measures: `outputs`, `feedback`, `verdicts`, `rejected`, `findings`, ...; the label says of what kind. */
  add(at: TallyPlace, measure: string, label = '', count = 1): void {
    const minute = Math.floor(at.at / minuteMs) * minuteMs;
    let key = `${minute}\u0000${at.model ?? ''}\u0000${at.stage ?? ''}\u0000${at.purpose ?? ''}`;
    let place = this.places.get(key);
    if (!place) {
      const crowded = this.places.size >= namesABatch;
      const name = (text: string | undefined) =>
        crowded && text ? '(other)' : (text ?? '').slice(0, nameLength).toWellFormed();
      const made = { minute, model: name(at.model), stage: name(at.stage), purpose: at.purpose ?? '' };
      if (crowded) {
        key = `${minute}\u0000(other)\u0000${made.stage}\u0000${made.purpose}`;
        place = this.places.get(key);
      }
      if (!place) {
        place = { place: made, counts: new Map() };
        this.places.set(key, place);
      }
    }
    const what = `${measure}\u0000${label}`;
    const row = place.counts.get(what);
    if (row) row.count += count;
    else place.counts.set(what, { ...place.place, measure, label: label.slice(0, nameLength).toWellFormed(), count });
  }

  rows(): TallyRow[] {
    return [...this.places.values()].flatMap(({ counts }) => [...counts.values()]);
  }
}
