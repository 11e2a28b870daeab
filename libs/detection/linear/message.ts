/**
 * Does a text read like a deceiver's message: phishing, fraud on the phone, advance fees, a false superior? A small
 * linear model over its words, with the counted intent beside them. It says nothing of who is spoken as.
 */
import { errand, type Intent } from '../identity/intent.js';
import { FeatureBuffer, spaces, type Features } from './features.js';
import { logit, sigmoid, type LinearModel } from './model.js';

const read = 4000;
const intents = ['authority', 'urgency', 'secrecy', 'credentials', 'payment', 'link'] as const;
const buffer = new FeatureBuffer();

/** 0 to 1. */
export function messageScore(model: LinearModel, text: string, intent: Intent): number {
  const head = model.heads[0];
  return head ? sigmoid(logit(head, messageFeatures(buffer, text, intent))) : 0;
}

export function messageFeatures(into: FeatureBuffer, text: string, intent: Intent): Features {
  into.clear().addText(text.slice(0, read), { space: spaces.output, pairs: true, grams: [], weight: 1 });
  intents.forEach((name, at) => into.addDense(100 + at, intent[name] * 0.5));
  into.addDense(110, errand(intent));
  return into;
}
