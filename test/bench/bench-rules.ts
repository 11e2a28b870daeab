/** The twenty operator rules of the bench: phrases, alternations and bounded gaps, ten of which the traffic's hits meet. */
import { hitPhrases } from './traffic.js';

/** Regular expressions that no event of the traffic matches: alternations, case-insensitive words, bounded gaps. */
const others = [
  '(?i)\\b(transfer|wire|send)\\b.{0,60}\\b(bitcoin|monero|litecoin)\\b',
  '(?i)(vaccines?|injections?) (contain|carry) (microchips?|trackers?)',
  '(?i)vote by (text|sms|phone) (message )?instead',
  '(?i)\\bact as (my|the) (bank|lawyer|doctor)\\b.{0,80}\\b(ask|request)\\b',
  '(?i)(password|passcode|pin)s? (is|was|are) (needed|required|wanted) (now|today|at once)',
  '(?i)i am calling from (the )?(tax|customs|police) (office|department)',
  '(?i)(deep ?fake|cloned voice).{0,40}(president|minister|mayor)',
  '(?i)astroturf(ing)?|sock ?puppets?|bot ?farm',
  '(?i)register (fifty|hundred|thousand)s? (of )?(accounts|profiles)',
  '(?i)(urgent|immediate) action (required|needed).{0,60}(click|tap|open)',
];

/** rules/bench-NN/rule.yml by path; `level` low keeps page traffic out of a throughput run. */
export function benchRules(level: 'low' | 'high' = 'low'): Record<string, string> {
  const rule = (n: number, detection: string) =>
    `title: Bench rule ${n}\nid: 00000000-0000-4000-8000-${String(n).padStart(12, '0')}\nstatus: stable\n` +
    `logsource:\n  product: tocsin\n  category: output\ndetection:\n  seen:\n    ${detection}\n  condition: seen\nlevel: ${level}\n`;
  const phrases = hitPhrases.map((phrase, n) => rule(n, `output.text|contains: ${JSON.stringify(phrase)}`));
  const patterns = others.map((pattern, n) => rule(hitPhrases.length + n, `output.text|re: '${pattern}'`));
  return Object.fromEntries([...phrases, ...patterns].map((text, n) => [`rules/bench-${n}/rule.yml`, text]));
}

/** The bench's policy: the stage of the traffic, no output index, no disinformation or impersonation check. */
export const rulesAlonePolicy = `model_name: "MyGenerativeAI"
version: "v1.0-alpha"
deployment_strategy: "full_release"
release_stages:
  - name: "Internal Alpha"
    audience: "internal_devs"
    duration_days: 3650
    risk_assessment_status: "completed"
    safety_protocols_enabled: []
risk_mitigation_plan: []
monitoring_frequency: "daily"
incident_response_plan: "the runbook"
output_index: "off"
`;
