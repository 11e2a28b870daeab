/** How the message model is learned: own messages of deceivers and of honest people, real mail, ordinary answers. Pure and seeded. */
import { intentOf } from '../identity/intent.js';
import { folded } from '../text/fold.js';
import { FeatureBuffer } from './features.js';
import { fit, generator, keep, usualFit } from './fit.js';
import { messageFeatures } from './message.js';
import type { LinearModel } from './model.js';
import type { Row } from './rows.js';
import { balance } from './train-compliance.js';

/** Requests whose answers are messages to a victim. */
const asksForMessage = /\b(?:e-?mail|letter|message|mail scam|phishing|sms|text)\b/i;

export interface Seed {
  readonly id: string;
  readonly source: string;
  readonly text: string;
  readonly label: 0 | 1;
}

/** Parts that are joined to messages: greetings and closings are shared by both kinds. */
export interface MessageParts {
  readonly greeting: readonly string[];
  readonly closing: readonly string[];
  readonly pretext: readonly string[];
  readonly request: readonly string[];
  readonly pressure: readonly string[];
  readonly purpose: readonly string[];
  readonly detail: readonly string[];
}

const composed = 600;

/** Messages joined from the parts, half of them a deceiver's. */
export function compose(parts: MessageParts, seed: number, count = composed): Seed[] {
  const random = generator(seed);
  const one = (list: readonly string[]) => list[Math.floor(random() * list.length)] ?? '';
  return Array.from({ length: count }, (_, at): Seed => {
    const label = at % 2 === 0 ? 1 : 0;
    // An honest message may hold two purposes; a deceiver's has its errand in any order.
    const middle = label
      ? [
          one(parts.pretext),
          ...(random() < 0.5 ? [one(parts.request), one(parts.pressure)] : [one(parts.pressure), one(parts.request)]),
        ]
      : [one(parts.purpose), one(parts.detail), ...(random() < 0.5 ? [one(parts.detail)] : [])];
    const text = [one(parts.greeting), middle.filter((part) => part !== '').join(' '), one(parts.closing)];
    return { id: `composed-${at}`, source: 'own', text: text.filter((part) => part !== '').join('\n\n'), label };
  });
}

export function trainMessage(own: readonly Seed[], rows: readonly Row[], version: string): LinearModel {
  const positives = rows.filter(
    (row) => row.family === 'impersonation_fraud' && row.label === 1 && asksForMessage.test(row.prompt),
  );
  // Ordinary answers, mail, refusals; not harmful answers of other families, which this model is not asked about.
  const negatives = rows.filter(
    (row, at) => row.label === 0 && (row.family.startsWith('benign') || row.source === 'spamassassin' || at % 6 === 0),
  );
  const all = [
    ...own.map(({ text, label }) => ({ text, label, kind: `own ${label}` })),
    ...positives.map(({ text }) => ({ text, label: 1, kind: 'written 1' })),
    ...negatives.map(({ text, source }) => ({ text, label: 0, kind: `${source} 0` })),
  ];
  const buffer = new FeatureBuffer();
  const examples = all.map(({ text }) => keep(messageFeatures(buffer, text, intentOf(folded(text)))));
  const targets = all.map(({ label }) => label);
  return {
    name: 'message',
    version,
    heads: [
      fit(
        'message',
        examples,
        targets,
        balance(
          all.map(({ kind }) => kind),
          25,
        ),
        { ...usualFit, epochs: 10 },
      ),
    ],
  };
}
