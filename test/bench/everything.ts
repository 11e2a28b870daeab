/** Configuration of bench (c): all default detectors, a watchlist of 1,000 claims, 1,000 identities, output index on. */
import { benchRules } from './bench-rules.js';
import { seeded, sentence } from './traffic.js';

const policy = `model_name: "MyGenerativeAI"
version: "v1.0-alpha"
deployment_strategy: "full_release"
release_stages:
  - name: "Internal Alpha"
    audience: "internal_devs"
    duration_days: 3650
    risk_assessment_status: "completed"
    safety_protocols_enabled: ["content_filter"]
risk_mitigation_plan:
  - "disinformation_detection": "built_in"
  - "impersonation_prevention": "built_in"
monitoring_frequency: "daily"
incident_response_plan: "the runbook"
output_index: "72h"
`;

/** Names of people who do not exist, two syllables made four: no word of the traffic is among them. */
function names(count: number): string[] {
  const random = seeded(11);
  const syllables = [
    'bra',
    'cor',
    'dul',
    'fen',
    'gri',
    'hol',
    'jan',
    'kel',
    'lom',
    'mir',
    'nov',
    'pel',
    'quo',
    'rud',
    'sol',
    'tav',
  ];
  const part = () => syllables[Math.floor(random() * syllables.length)] ?? '';
  const word = () => {
    const text = part() + part() + part();
    return text.charAt(0).toUpperCase() + text.slice(1);
  };
  return Array.from({ length: count }, (_, n) => `${word()} ${word()}${n}`);
}

export function everything(): Record<string, string> {
  const random = seeded(13);
  const claims = Array.from(
    { length: 1_000 },
    (_, n) =>
      `- id: claim-${n}\n  claim: ${JSON.stringify(`${sentence(random, 60)} number ${n}`)}\n  added_by: bench\n  source: bench\n  status: active\n`,
  );
  const identities = names(1_000).map(
    (name, n) =>
      `- id: person-${n}\n  kind: person\n  name: ${JSON.stringify(name)}\n  domains: [person-${n}.example]\n`,
  );
  return {
    'policy.yml': policy,
    'watchlist.yml': claims.join(''),
    'identities.yml': identities.join(''),
    ...benchRules(),
  };
}
