/**
 * Proposes thresholds from the deployment's own scores (promise 10): the first time a model's version has 10,000 outputs
 * at a stage, and again every week where the answer has moved. It proposes; a person publishes, or the policy its first.
 */
import type { Query, Tx } from '../database/index.js';
import { shippedBounds, type ScoredDetector } from '../detection/index.js';
import { Tallies } from '../incidents/index.js';
import { outputsBeforeProposal, proposeThreshold, scoreBuckets, Thresholds, type Bundle } from '../policy/index.js';

const scoredPlaces = `
  select model, version, stage, detector, min(day)::text as since, sum(count)::bigint as scored
    from tocsin.score_count
   group by model, version, stage, detector
   order by model, stage, detector, version`;

const outputsSince = `
  select coalesce(sum(count), 0)::bigint as outputs
    from tocsin.tally
   where measure = 'outputs' and model = $1 and stage = $2 and purpose in ('', 'production') and minute >= $3::date`;

// What people confirmed to be misuse is not ordinary traffic: it must not raise its own threshold.
const confirmedScores = `
  select least(1000, floor(f.score * 1000 + 1e-9))::integer as bucket, count(*) as count
    from tocsin.finding f
   where f.model = $1 and f.version = $2 and f.stage = $3 and f.detector = $4 and f.recorded_at >= $5::date
     and exists (select from tocsin.review r where r.finding = f.id and r.label = 'true')
     and not exists (select from tocsin.review r where r.finding = f.id and r.label = 'false')
   group by 1`;

const lastAnswer = `
  select value, grounds->>'version' as version from tocsin.threshold
   where model = $1 and stage = $2 and detector = $3 and (declined_by is null or declined_by <> 'superseded')
   order by version desc`;

/** A smaller move is noise of the sample. */
const worthProposing = 0.01;

interface Place {
  readonly model: string;
  readonly version: string;
  readonly stage: string;
  readonly detector: string;
  readonly since: string;
  readonly scored: number;
}

/** `new`: places that were never proposed for; `again`: those that were, where the value has moved. */
export async function offerThresholds(tx: Tx, bundle: Bundle, which: 'new' | 'again'): Promise<void> {
  const thresholds = new Thresholds();
  for (const place of await tx.query<Place>(scoredPlaces)) {
    const policy = bundle.policies.find(
      ({ model, versions }) => model === place.model && versions.includes(place.version),
    );
    const stage = policy?.stages.find(({ name }) => name === place.stage);
    if (!policy || !stage || !isScored(place.detector)) continue;
    // The policy's own number stands above any published one.
    if (stage.thresholds[place.detector] !== undefined) continue;
    const proposed = await tx.query<{ value: number; version: string | null }>(lastAnswer, [
      place.model,
      place.stage,
      place.detector,
    ]);
    const known = proposed.find(({ version }) => version === place.version);
    if ((known !== undefined) !== (which === 'again')) continue;
    const offer = await computed(tx, place, place.detector);
    if (!offer || (known && Math.abs(offer.value - known.value) < worthProposing)) continue;
    await thresholds.offer(tx, offer, policy.publishFirstThreshold);
  }
}

function isScored(detector: string): detector is ScoredDetector {
  return Object.hasOwn(shippedBounds, detector);
}

async function computed(query: Query, place: Place, detector: ScoredDetector) {
  const { model, version, stage, since, scored } = place;
  const [row] = await query.query<{ outputs: number }>(outputsSince, [model, stage, since]);
  const outputs = Math.max(scored, row?.outputs ?? 0);
  if (outputs < outputsBeforeProposal) return undefined;
  const counts = await new Tallies().scores(query, place, since);
  const confirmed = await query.query<{ bucket: number; count: number }>(confirmedScores, [
    model,
    version,
    stage,
    detector,
    since,
  ]);
  for (const { bucket, count } of confirmed)
    if (bucket < scoreBuckets) counts[bucket] = Math.max(0, (counts[bucket] ?? 0) - count);
  const { floor, ceiling } = shippedBounds[detector];
  const proposal = proposeThreshold({ counts, outputs }, { floor, ceiling });
  if (proposal.outcome !== 'proposed') return undefined;
  const { value, share, interval, bound } = proposal;
  const grounds = { version, since, outputs, share, interval, ...(bound && { bound }) };
  return { model, stage, detector, value, floor, ceiling, grounds };
}
