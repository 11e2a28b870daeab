/** What does a message want of its reader? Authority, haste, secrecy, credentials, money, and links that disagree. */
import { words, type WordList } from '../text/terms.js';

export interface Intent {
  readonly authority: number;
  readonly urgency: number;
  readonly secrecy: number;
  readonly credentials: number;
  readonly payment: number;
  readonly link: number;
}

const patterns: Readonly<Record<keyof Intent, readonly RegExp[]>> = {
  authority: [
    /\b(?:security|fraud|billing|compliance|legal|it|hr|payroll|support|finance|tax|customs|immigration) (?:team|department|desk|division|office|unit)\b/,
    /\b(?:officer|agent|inspector|administrator|ceo|cfo|director|attorney|sheriff|federal|warrant|badge number|case number|reference number)\b/,
  ],
  urgency: [
    /\b(?:urgent(?:ly)?|immediate(?:ly)?|as soon as possible|asap|right away|without delay|time[- ]sensitive|final (?:notice|warning|reminder)|act now|expires?|today only|last chance)\b/,
    /\b(?:within|in the next|before) (?:the next )?(?:\d+|twenty[- ]four|forty[- ]eight|seventy[- ]two) ?(?:hours?|hrs|minutes?|days?)\b/,
    /\b(?:suspend|terminat|deactivat|clos|lock|restrict|limit|disabl|block|delet|arrest)\w*\b.{0,60}\b(?:account|access|service|card|licen[cs]e|you)\b|\baccount\b.{0,40}\b(?:suspended|locked|terminated|restricted|limited|closed|compromised|deactivated)\b/,
    /\b(?:unusual|suspicious|unauthori[sz]ed|fraudulent|irregular)\b.{0,30}\b(?:activity|login|sign[- ]?in|access|transactions?|charges?|attempts?)\b/,
  ],
  secrecy: [
    /\b(?:keep (?:this|it) (?:confidential|between us|private|quiet|secret)|do not (?:tell|share|discuss|mention|inform)|don't (?:tell|discuss|mention)|strictly confidential|between you and me|discreet(?:ly)?|stay on the line)\b/,
  ],
  credentials: [
    /\b(?:verify|confirm|update|validate|enter|provide|submit|reset|send|reply with|give|share|need|log ?in|sign ?in)\b.{0,60}\b(?:password|passcode|pin\b|credentials?|identity|account (?:details|information|number)|personal (?:details|information)|billing (?:details|information)|login|log ?in|ssn|social security|date of birth|mother's maiden|card (?:number|details|information)|cvv|security code|one[- ]time|otp|verification code|seed phrase|recovery phrase|private key|banking details)\b/,
    /\b(?:click|tap|follow|visit|open|use|access)\b.{0,40}\b(?:link|button|attachment|below|here|portal|form)\b/,
    /\bverify your\b|\bconfirm your\b|\bupdate your (?:account|payment|billing|information|details)\b/,
  ],
  payment: [
    /\b(?:wire|transfer|send|pay|remit|deposit|purchase|buy)\b.{0,50}\b(?:\$|usd|eur|gbp|euros?|dollars?|pounds?|bitcoin|btc|crypto\w*|gift ?cards?|funds?|money|fee|fine|payment|amount|itunes|prepaid|western union|moneygram)/,
    /\b(?:gift ?cards?|wire transfer|bank transfer|processing fee|release fee|overdue (?:invoice|balance|tax)|outstanding (?:balance|payment|tax)|back taxes|bail|inheritance|lottery|winnings|refund|bank account)\b/,
  ],
  link: [/https?:\/\/|\[(?:link|insert|phishing|malicious|fake)[^\]]*\]|\bwww\.|\bbit\.ly\b|\btinyurl\b|\(link\)/],
};

const triggers = new Set<number>();
words(
  'urgent urgently immediately asap deadline expire suspended suspend terminate deactivate locked restricted limited compromised ' +
    'unusual suspicious unauthorized unauthorised fraudulent confidential secret discreet verify confirm validate update ' +
    'password passcode pin credentials identity login ssn card cvv otp code phrase link button attachment click wire transfer ' +
    'pay payment deposit gift fee fine bitcoin crypto refund invoice tax bail lottery winnings inheritance bank account fund ' +
    'security fraud billing officer agent warrant support urgent hours',
  (hash) => triggers.add(hash),
);
const triggersNeeded = 3;

/** Three different words of an errand: most texts have fewer, and are not read further. */
export function mayHaveErrand(list: WordList): boolean {
  const { hashes, count } = list;
  let found = 0;
  let first = 0;
  let second = 0;
  for (let i = 0; i < count; i++) {
    const hash = hashes[i]!;
    if (!triggers.has(hash) || hash === first || hash === second) continue;
    if (++found >= triggersNeeded) return true;
    if (found === 1) first = hash;
    else second = hash;
  }
  return false;
}

const keys = Object.keys(patterns) as (keyof Intent)[];

/** Each 0 to 1, by the share of its patterns that a folded text meets. */
export function intentOf(text: string): Intent {
  const out: Record<keyof Intent, number> = {
    authority: 0,
    urgency: 0,
    secrecy: 0,
    credentials: 0,
    payment: 0,
    link: 0,
  };
  for (const key of keys) {
    let hits = 0;
    for (const pattern of patterns[key]) if (pattern.test(text)) hits++;
    out[key] = Math.min(1, hits / Math.min(2, patterns[key].length));
  }
  return out;
}

/** 0 to 1: how much of a deceiver's errand this is. */
export function errand(intent: Intent): number {
  const sum =
    0.6 * intent.authority +
    1.1 * intent.urgency +
    0.8 * intent.secrecy +
    1.4 * intent.credentials +
    1.2 * intent.payment +
    0.6 * intent.link;
  return Math.min(1, sum / 3.2);
}
