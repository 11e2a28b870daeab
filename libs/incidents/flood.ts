/**
 * Which rules or detectors fire on so much that keeping every finding would drown the rest (promise 4)? One that fires
 * on over 5 % of at least 1,000 events in a minute of event time, as far as this copy has read it. Pure but for its own
 * short memory: a copy that forgets it counts again.
 */
import type { Finding } from './finding.js';

const leastEvents = 1_000;
const share = 0.05;
const minuteMs = 60_000;
const minutesKept = 30;

/** A flood ends after this long without another minute over the limit. */
export const quietMs = 10 * minuteMs;

/** What floods: the operator's rule, else the detector. */
export function floodSubject(finding: Finding): string {
  return finding.rule ?? finding.detector;
}

export class FloodMeter {
  private readonly minutes = new Map<number, { events: number; hits: Map<string, number> }>();

  /** Counts a batch and answers the subjects that are over the limit in one of its minutes. */
  observe(eventTimes: readonly number[], findings: readonly Finding[]): ReadonlySet<string> {
    const touched = new Set<number>();
    for (const at of eventTimes) {
      const minute = Math.floor(at / minuteMs);
      touched.add(minute);
      this.minute(minute).events++;
    }
    for (const finding of findings) {
      const { hits } = this.minute(Math.floor(finding.at / minuteMs));
      hits.set(floodSubject(finding), (hits.get(floodSubject(finding)) ?? 0) + 1);
    }
    const over = new Set<string>();
    for (const minute of touched) {
      const { events, hits } = this.minute(minute);
      if (events < leastEvents) continue;
      for (const [subject, count] of hits) if (count > events * share) over.add(subject);
    }
    this.forget();
    return over;
  }

  private minute(minute: number) {
    const known = this.minutes.get(minute);
    if (known) return known;
    const made = { events: 0, hits: new Map<string, number>() };
    this.minutes.set(minute, made);
    return made;
  }

  private forget(): void {
    if (this.minutes.size <= minutesKept) return;
    for (const minute of [...this.minutes.keys()].slice(0, this.minutes.size - minutesKept))
      this.minutes.delete(minute);
  }
}

/** One finding for each flooding subject, account and hour, beside all that do not flood. */
export function floodKey(finding: Finding): { subject: string; account: string; hour: number } {
  return {
    subject: floodSubject(finding),
    account: finding.subject.account ?? '',
    hour: Math.floor(finding.at / 3_600_000) * 3_600_000,
  };
}
