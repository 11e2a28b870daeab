/**
 * Traffic whose outcome is known before Tocsin sees it: each output either carries one of three secret phrases, for
 * which there is a rule, or none. What the rules must find, and which incidents must open, follows from that alone.
 */
import { randomUUID } from 'node:crypto';
import { seeded, sentence } from '../bench/traffic.js';
import { output } from './events.js';

export const phrases = ['amber lantern protocol', 'violet harbour notice', 'crimson ledger request'] as const;

export interface Truth {
  readonly values: readonly object[];
  /** `event id|rule id`, one for each finding that must exist. */
  readonly findings: ReadonlySet<string>;
  /** `rule id|account`, one for each incident that must be open. */
  readonly incidents: ReadonlySet<string>;
}

const ruleId = (n: number) => `7c0ffee0-0000-4000-8000-00000000000${n}`;

/** Rules of level high, so that each (rule, account) opens one incident and pages once. */
export function truthRules(level = 'high'): Record<string, string> {
  return Object.fromEntries(
    phrases.map((phrase, n) => [
      `rules/phrase-${n}/rule.yml`,
      `title: Phrase ${n}\nid: ${ruleId(n)}\nstatus: stable\nlogsource:\n  product: tocsin\n  category: output\n` +
        `detection:\n  seen:\n    output.text|contains: '${phrase}'\n  condition: seen\nlevel: ${level}\n`,
    ]),
  );
}

export const truthPolicy = `model_name: "MyGenerativeAI"
version: "v1.0-alpha"
deployment_strategy: "full_release"
release_stages:
  - name: "Internal Alpha"
    audience: "internal_devs"
    duration_days: 36500
    risk_assessment_status: "completed"
    safety_protocols_enabled: []
risk_mitigation_plan: []
monitoring_frequency: "daily"
incident_response_plan: "the runbook"
`;

/** `hitEvery` 50 makes 2 % hits; accounts are few, so that incidents grow as well as open. */
export function truth(seed: number, events: number, { hitEvery = 50, accounts = 12 } = {}): Truth {
  const random = seeded(seed);
  const findings = new Set<string>();
  const incidents = new Set<string>();
  const values = Array.from({ length: events }, (_, n) => {
    const id = `${seed}-${n}-${randomUUID()}`;
    const account = `account-${seed}-${Math.floor(random() * accounts)}`;
    if (n % hitEvery !== 7 % hitEvery) return output({ id, account, text: sentence(random, 120) });
    const which = Math.floor(random() * phrases.length);
    findings.add(`${id}|${ruleId(which)}`);
    incidents.add(`${ruleId(which)}|${account}`);
    return output({ id, account, text: `${sentence(random, 60)} ${phrases[which] ?? ''} ${sentence(random, 60)}` });
  });
  return { values, findings, incidents };
}
