/** Which plan pages now: the bundle's own, else the default one. Its hash is of what it says, not of where it came from. */
import { createHash } from 'node:crypto';
import { defaultPlan, type Plan, type StampedPlan } from './plan.js';

/** The part of a bundle that paging reads. */
export interface PlanSource {
  readonly plan?: Plan;
  /** What the policy's `incident_response_plan` was taken for; a link is the runbook. */
  readonly planTaken: { readonly runbook?: string };
}

const stamped = new WeakMap<PlanSource, Map<string, StampedPlan>>();

/** `responder` is the default responder's e-mail address. Answers the same object for the same bundle. */
export function planInForce(bundle: PlanSource, responder: string): StampedPlan {
  const of = stamped.get(bundle) ?? new Map<string, StampedPlan>();
  stamped.set(bundle, of);
  const known = of.get(responder);
  if (known) return known;
  const { runbook } = bundle.planTaken;
  const own =
    bundle.plan &&
    (bundle.plan.runbook === undefined && runbook !== undefined ? { ...bundle.plan, runbook } : bundle.plan);
  const answer = stampPlan(own ?? defaultPlan({ responder, ...(runbook !== undefined && { runbook }) }));
  of.set(responder, answer);
  return answer;
}

export function stampPlan(plan: Plan): StampedPlan {
  return { hash: createHash('sha256').update(JSON.stringify(plan)).digest('hex').slice(0, 32), plan };
}
