/** What of a batch is put to outside services. Nothing, and at no cost, where no policy names one. */
import { checksFor, remoteIndex, type DueCheck, type RemoteIndex } from '../../libs/detection/index.js';
import type { Bundle } from '../../libs/policy/index.js';
import type { Judged } from './judge.js';

const none: readonly DueCheck[] = [];
const indexes = new WeakMap<Bundle, RemoteIndex>();

/** `known` are a producer's duplicates: their questions were written down with the first of them. */
export function askedOf(judged: readonly Judged[], known: ReadonlySet<Judged>, bundle: Bundle): readonly DueCheck[] {
  let remote = indexes.get(bundle);
  if (!remote) indexes.set(bundle, (remote = remoteIndex(bundle.policies)));
  if (remote.none) return none;
  const asked: DueCheck[] = [];
  for (const one of judged) {
    const { event, findings } = one;
    if (event?.kind !== 'output' || known.has(one)) continue;
    const policy = remote.of(event.model);
    if (policy) asked.push(...checksFor(event, findings, policy));
  }
  return asked;
}
