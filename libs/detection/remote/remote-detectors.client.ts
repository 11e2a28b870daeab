/**
 * Who is asked, and may it be? The policy in force when a question is asked decides, not the one when it was written
 * down: what it forbids since then is not sent.
 */
import { checkKinds, type Answer, type CheckKind, type DueCheck, type RemotePolicy } from './check.js';
import { formOf } from './checks.js';
import { factCheck } from './fact-check.js';
import { RemoteHttp } from './http.client.js';
import { identity } from './identity.js';
import { moderation } from './moderation.js';
import type { Protocol } from './protocol.js';
import { RemoteDetector, shippedLimits, type RemoteLimits } from './remote-detector.client.js';

const protocols: Readonly<Record<CheckKind, Protocol>> = { fact_check: factCheck, moderation, identity };

export class RemoteDetectors {
  private readonly http: RemoteHttp;
  private readonly limits: RemoteLimits;
  /** By all that is said of a service: its breaker and cache live on while a bundle changes other things. */
  private readonly services = new Map<string, RemoteDetector>();

  /** `allow`: hosts or host:port that may be private, beside what the policy lists. */
  constructor(allow: readonly string[] = [], limits: Partial<RemoteLimits> = {}) {
    this.http = new RemoteHttp(allow);
    this.limits = { ...shippedLimits, ...limits };
  }

  /** Never rejects for what a service does. */
  async ask(check: DueCheck, policy: RemotePolicy | undefined): Promise<Answer> {
    const service = policy?.services[check.kind];
    if (!policy || !service) return { outcome: 'unchecked', reason: 'no_service', again: false };
    const protocol = protocols[check.kind];
    const allowed = formOf(check.kind, policy.egress[check.kind]);
    const tooMuch = check.form === 'text' && allowed === 'sentence';
    if (allowed === 'none' || check.form === 'none' || tooMuch)
      return { outcome: 'unchecked', reason: 'egress_none', again: false };
    if (check.content === undefined && protocol.needsContent)
      return { outcome: 'unchecked', reason: check.ephemeral ? 'not_kept' : 'expired', again: false };
    const name = JSON.stringify([check.kind, service]);
    let detector = this.services.get(name);
    if (!detector) {
      // Bundles may come and go for years; what none of them names any more is not kept.
      if (this.services.size >= 10 * checkKinds.length) this.services.clear();
      detector = new RemoteDetector(protocol, service, this.http, this.limits);
      this.services.set(name, detector);
    }
    return detector.ask(check);
  }

  close(): void {
    this.http.close();
  }
}
