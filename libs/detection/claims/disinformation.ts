/** Is a known false claim promoted here? Retrieval finds the claim, stance decides; the score is their product. */
import type { Span } from '../../incidents/index.js';
import { nothing, rounded, type Judgement, type Matched } from '../judgement.js';
import type { Background } from '../text/background.js';
import type { WordList } from '../text/terms.js';
import { ClaimMatcher, type Told } from './matcher.js';
import { stanceOf } from './stance.js';
import { validAt, type WatchlistEntry } from './watchlist.js';

export const disinformationVersion = '1';
/** Below this share a claim is not told at all, whatever the stance. */
const toldFloor = 0.5;

export class Disinformation {
  readonly byId: ReadonlyMap<string, WatchlistEntry>;
  private readonly matcher: ClaimMatcher;

  constructor(
    readonly entries: readonly WatchlistEntry[],
    background: Background,
    private readonly floor: number,
  ) {
    this.byId = new Map(entries.map((entry) => [entry.id, entry]));
    this.matcher = new ClaimMatcher(
      entries.map((entry) => [entry.claim, ...entry.aliases]),
      background,
    );
  }

  /** `at` is event time in milliseconds; without it every entry is in force. */
  judge(text: string, foldedText: string, at?: number, list?: WordList): Judgement {
    const told = this.matcher.match(text, foldedText, list);
    if (told.length === 0) return nothing;
    const matched: (Matched & { told: Told })[] = [];
    const evidence: Span[] = [];
    for (const one of told.slice(0, 5)) {
      const entry = this.entries[one.entry];
      if (!entry || (at !== undefined && !validAt(entry, at))) continue;
      if (one.score < toldFloor) {
        matched.push({ id: entry.id, score: rounded(one.score * 0.5), stance: 'none', told: one });
        continue;
      }
      const reading = stanceOf(text, one, entry.claim);
      const score = rounded(combine(one.score, reading.promotes));
      // Labels follow the score: what falls short of the floor is not called promoted.
      const stance = score >= this.floor ? 'promotes' : reading.stance === 'promotes' ? 'none' : reading.stance;
      matched.push({ id: entry.id, score, stance, told: one });
      const why = `${stance === 'none' ? 'comes near' : stance} "${entry.claim.slice(0, 80)}"`;
      for (const sentence of one.sentences) {
        evidence.push({ field: 'output', start: sentence.start, end: sentence.end, why });
      }
    }
    matched.sort((x, y) => y.score - x.score || y.told.score - x.told.score);
    const best = matched[0];
    if (!best) return nothing;
    const label = matched.some((one) => one.stance === 'promotes')
      ? 'promotes'
      : (matched.find((one) => one.stance !== 'none')?.stance ?? 'none');
    return {
      label,
      score: best.score,
      matched: matched.map(({ id, score, stance }) => ({ id, score, stance })),
      evidence,
    };
  }
}

function combine(told: number, promotes: number): number {
  return told * (0.2 + 0.8 * promotes);
}
