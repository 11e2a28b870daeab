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

interface Place {
  readonly minute: number;
  readonly model: string;
  readonly stage: string;
  readonly purpose: string;
  readonly counts: Map<string, TallyRow>;
}

export class TallySheet {
  private readonly places = new Map<string, Place>();
  /** The place of the event before: most events follow one of their own kind. */
  private last: { readonly of: TallyPlace; readonly minute: number; readonly place: Place } | undefined;

  /** Measures: `outputs`, `feedback`, `verdicts`, `rejected`, `findings`, ...; the label says of what kind. */
  add(at: TallyPlace, measure: string, label = '', count = 1): void {
    const { counts, minute, model, stage, purpose } = this.placeOf(at);
    const what = label === '' ? measure : `${measure}\u0000${label}`;
    const row = counts.get(what);
    if (row) row.count += count;
    else
      counts.set(what, {
        minute,
        model,
        stage,
        purpose,
        measure,
        label: label.slice(0, nameLength).toWellFormed(),
        count,
      });
  }

  rows(): TallyRow[] {
    return [...this.places.values()].flatMap(({ counts }) => [...counts.values()]);
  }

  private placeOf(at: TallyPlace): Place {
    const { last } = this;
    const minute = at.at - (at.at % minuteMs);
    if (
      last &&
      last.minute === minute &&
      last.of.model === at.model &&
      last.of.stage === at.stage &&
      last.of.purpose === at.purpose
    )
      return last.place;
    const { model = '', stage = '', purpose = '' } = at;
    let key = `${minute}\u0000${model}\u0000${stage}\u0000${purpose}`;
    let place = this.places.get(key);
    if (!place && this.places.size >= namesABatch) {
      key = `${minute}\u0000${purpose}`;
      place = this.places.get(key) ?? this.make(key, minute, other(model), other(stage), purpose);
    }
    place ??= this.make(key, minute, short(model), short(stage), purpose);
    this.last = { of: at, minute, place };
    return place;
  }

  private make(key: string, minute: number, model: string, stage: string, purpose: string): Place {
    const place = { minute, model, stage, purpose, counts: new Map<string, TallyRow>() };
    this.places.set(key, place);
    return place;
  }
}

function short(name: string): string {
  return name.slice(0, nameLength).toWellFormed();
}

function other(name: string): string {
  return name === '' ? '' : '(other)';
}
