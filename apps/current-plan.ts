/** Which plan pages now: the bundle's own, or the default one that pages `TOCSIN_DEFAULT_RESPONDER`. */
import { digest } from '../libs/incidents/index.js';
import { defaultPlan, type StampedPlan } from '../libs/paging/index.js';
import type { Bundle } from '../libs/policy/index.js';

const stamped = new WeakMap<Bundle, StampedPlan>();

/** The plan and its hash, worked out once a bundle: escalations are stamped with it at birth. */
export function planInForce(bundle: Bundle, defaultResponder: string): StampedPlan {
  const known = stamped.get(bundle);
  if (known) return known;
  const { runbook } = bundle.planTaken;
  const plan = bundle.plan ?? defaultPlan({ responder: defaultResponder, ...(runbook !== undefined && { runbook }) });
  const fresh: StampedPlan = { hash: digest(JSON.stringify(plan)), plan };
  stamped.set(bundle, fresh);
  return fresh;
}
