/**
 * Outbound: the rule of what may be called outside. It promises that the address judged is the address connected to,
 * and that private ones are refused unless listed. Channels and remote detectors build their own requests on it.
 */
export { AllowList, isPrivateAddress, publicOnly, refusedAddress, retryAfter } from './address.client.js';
