/** From a period to what is sent: facts are read, summarized and rendered. The verb and the reporter both come through here. */
import type { Query } from '../database/index.js';
import { arrangementsAt, planInForce, withOverrides } from '../paging/index.js';
import type { Bundle } from '../policy/index.js';
import { readFacts } from './facts.repository.js';
import type { Period } from './period.js';
import { render, type Rendered } from './render.js';
import { summarize } from './summarize.js';

export interface ReportGrounds {
  readonly bundle: Bundle;
  readonly defaultResponder: string;
  /** Records still to be read in Kafka, where the caller knows. */
  readonly lag?: number | undefined;
}

/** Schedules are looked at this far ahead. */
const aheadMs = 90 * 86_400_000;

/** `now` is domain time. */
export async function makeReport(query: Query, period: Period, now: Date, grounds: ReportGrounds): Promise<Rendered> {
  const { bundle, defaultResponder, lag } = grounds;
  const ahead = new Date(now.getTime() + aheadMs);
  const { overrides } = await arrangementsAt(query, now, { to: ahead });
  const plan = withOverrides(planInForce(bundle, defaultResponder).plan, overrides);
  const facts = await readFacts(query, period, now, lag);
  const { policies, watchlist, settings } = bundle;
  return render(summarize(facts, period, { policies, watchlist, settings, plan }));
}
