/**
 * Remote detection: what outside services say of outputs. It promises that an answer that did not come is `unchecked`
 * and never clean, that no more of a text leaves than the policy allows, that a text waits an hour at most, and that
 * private addresses are refused unless listed.
 */
export type { CheckKind, DueCheck, RemotePolicy, RemoteService } from './check.js';
export { checksFor, remoteIndex, type RemoteIndex } from './checks.js';
export { forgetChecks, noteChecks } from './due-checks.repository.js';
export { remoteEntities } from './due-check.entity.js';
export { RemoteDetectors } from './remote-detectors.client.js';
export { Verifier, type RemoteVerdict, type VerifierOptions } from './verifier.worker.js';
