/**
 * Does a text speak AS somebody? A claim is made in the first person, in a signature, a letterhead or a byline, on
 * somebody's behalf, or by a service that says "we". To quote somebody, or to write about them, claims nothing.
 */
import { folded } from '../text/fold.js';
import { sentences, type Sentence } from '../text/sentences.js';
import type { Identity } from './identities.js';
import type { Names } from './mentions.js';

export type ClaimForm =
  'first person' | 'on behalf' | 'service' | 'signature' | 'letterhead' | 'byline' | 'speaker label' | 'your account';

export interface IdentityClaim {
  readonly identity: Identity;
  readonly form: ClaimForm;
  /** 0 to 1: how surely the form is a claim. */
  readonly strength: number;
  readonly sentence: Sentence;
  /** The claim's place among the text's sentences. */
  readonly index: number;
}

const role =
  '(?:ceo|cfo|cto|president|director|minister|secretary|chair(?:man|woman)?|head|manager|officer|agent|represent\\w+|spokes\\w+|member|support|security|fraud|it|hr|customer|service|team|department|dr|doctor|professor|senator|governor|mayor|general|officer)';
const before: readonly (readonly [RegExp, ClaimForm, number])[] = [
  [/\b(?:on|in) behalf of (?:the |our )?(?:\w+ ){0,4}$/, 'on behalf', 0.9],
  [
    /\b(?:my name is|i am|i'm|i’m|this is|it's|it is|you(?:'ve| have) reached|speaking is) (?:the |your |a |an )?$/,
    'first person',
    0.95,
  ],
  [
    new RegExp(
      `\\b(?:i am|i'm|this is|my name is|we are|we're)\\b[^.!?]{0,60}\\b(?:from|with|at|of|for|${role})[ ,]+(?:the |your )?(?:\\w+ ){0,2}$`,
    ),
    'first person',
    0.9,
  ],
  [
    /\b(?:i|we)(?:'m| am| are|'re)? (?:\w+ )?(?:work|working|calling|writing|reaching out|contacting you|speaking|represent|representing)(?: (?:to you|for|from|with|at|as|on))*[ ,]+(?:the |your )?(?:\w+ ){0,3}$/,
    'first person',
    0.9,
  ],
  [/\b(?:we|us|here|all of us|everyone|team) (?:here )?at (?:the )?$/, 'service', 0.85],
  [/^(?:["'*_\- ]*)as (?:the )?(?:\w+ ){0,4}(?:of )?(?:the )?$/, 'first person', 0.6],
  [/\bspeaking as (?:the )?(?:\w+ ){0,3}$/, 'first person', 0.8],
];
const after: readonly (readonly [RegExp, ClaimForm, number])[] = [
  [/^(?:'s)? (?:here|speaking)\b/, 'first person', 0.9],
  [/^,? (?:and )?i (?:am|have|was|will|want|hereby|can|would|urge|promise|pledge|announce)\b/, 'first person', 0.6],
];
const signOff =
  /^(?:(?:kind|best|warm|warmest|with (?:best|kind|warm))?\s*(?:regards|wishes)|(?:yours |very |most )*(?:sincerely|truly|faithfully|respectfully|cordially)(?: yours)?|thank(?:s| you)(?: again| in advance| for [\w ]{1,40})?|best|cheers|signed|love|in solidarity|yours)[,.!]?$/;
const headerLine = /^(?:from|sender|de|von|issued by|office of|reply-to)\s*:/;
const bylineStart =
  /^(?:by|written by|author|op-?ed by|posted by|guest (?:post|essay) by|statement (?:from|by)|a (?:message|letter|statement) from|message from|letter from|remarks by|speech by)[: ]+(?:the )?(?:\w+ ){0,3}$/;
const service =
  /^(?:'s)? (?:(?:customer|account|technical|online|card|fraud|security|billing|support|service|help|it|member|trust|safety|hr|payment|verification|recovery|compliance|privacy|prevention|protection|care|and|&) ?){1,4}(?:team|department|desk|services?|support|division|center|centre|unit|care|office|alerts?|group)?\b/;
const yourAccount = /\byour (?:\w+ ){0,2}$/;
const accountAfter =
  /^(?:'s)? (?:\w+ ){0,2}(?:account|card|id|password|membership|subscription|profile|wallet|order|package|parcel|refund|statement|login)\b/;
const dearCustomer = /^(?:dear|hello|hi|attention|valued)\b[^.!?]{0,30}$/;
const customerAfter =
  /^(?:'s)? (?:valued )?(?:customer|user|member|client|account holder|cardholder|subscriber|taxpayer)s?\b/;
const reporting =
  /\b(?:said|says|told|according to|announced|stated|tweeted|wrote|writes|claimed|explained|added|asked|replied|reported|quoted|reads?|scam(?:mer)?s?|phish\w*|pretend\w*|impersonat\w*|if (?:someone|you receive|anyone))\b/;

const mostMentions = 50;
const reach = 160;

/** Every claim of a protected identity in the text, surest first, one an identity and form. */
export function identityClaims(
  text: string,
  names: Names,
  spoken: readonly Sentence[] = sentences(text),
): IdentityClaim[] {
  const claims: IdentityClaim[] = [];
  const lines = spoken.map((sentence) => folded(sentence.text));
  const first = firstPerson(lines);
  lines.forEach((line, index) => {
    const sentence = spoken[index];
    if (!sentence || !names.any(line)) return;
    // What stands far from a name says nothing of it; a line of a thousand names is read no longer than one of fifty.
    for (const mention of names.find(line).slice(0, mostMentions)) {
      const left = line.slice(Math.max(0, mention.start - reach), mention.start);
      const right = line.slice(mention.end, mention.end + reach);
      const found = formOf(left, right, line, lines, index, first);
      if (!found) continue;
      const [form, sure] = found;
      const quoted = reporting.test(left) || insideQuotes(line, mention.start);
      const strength = quoted ? sure * 0.25 : sure;
      claims.push({ identity: mention.identity, form, strength, sentence, index });
    }
  });
  const best = new Map<string, IdentityClaim>();
  for (const claim of claims) {
    const key = `${claim.identity.id}\u0000${claim.form}`;
    const known = best.get(key);
    if (!known || claim.strength > known.strength) best.set(key, claim);
  }
  return [...best.values()].sort((x, y) => y.strength - x.strength);
}

function formOf(
  left: string,
  right: string,
  line: string,
  lines: readonly string[],
  index: number,
  speaksFirst: boolean,
): readonly [ClaimForm, number] | undefined {
  let best: readonly [ClaimForm, number] | undefined;
  for (const [pattern, form, strength] of before) {
    if (pattern.test(left) && strength > (best?.[1] ?? 0)) best = [form, strength];
  }
  for (const [pattern, form, strength] of after) {
    if (!pattern.test(right)) continue;
    // "As NAME, I ...": both sides speak in the first person.
    best = [form, Math.min(0.95, best ? Math.max(best[1], strength) + 0.25 : strength)];
  }
  if (best) return best;
  const short = line.length <= 70;
  if (short && signed(lines, index)) return ['signature', 0.85];
  if (headerLine.test(left)) return ['letterhead', 0.85];
  if (bylineStart.test(left)) return ['byline', 0.75];
  if (/^[^:]{0,40}:\s/.test(line) && left.length < 12 && /^[^:]{0,30}:/.test(right) && lines.length > 1)
    return ['speaker label', 0.5];
  if (service.test(right) && speaksFirst) return ['service', 0.8];
  if (index < 3 && short && left.trim().length <= 3 && right.trim().length <= 30 && !/[?]/.test(line) && speaksFirst)
    return ['letterhead', 0.6];
  if (
    index >= lines.length - 3 &&
    short &&
    lines.length > 3 &&
    left.trim().length <= 24 &&
    right.trim().length <= 30 &&
    speaksFirst
  )
    return ['signature', 0.6];
  if (dearCustomer.test(left) && customerAfter.test(right)) return ['your account', 0.75];
  if (yourAccount.test(left) && accountAfter.test(right) && speaksFirst) return ['your account', 0.55];
  return undefined;
}

/** A sign-off within the three lines before, or a dash that opens the line. */
function signed(lines: readonly string[], index: number): boolean {
  for (let back = 1; back <= 3; back++) {
    const line = lines[index - back];
    if (line !== undefined && signOff.test(line.trim())) return true;
  }
  return /^[-–—~]{1,2} ?\S/.test(lines[index] ?? '') && index === lines.length - 1;
}

function firstPerson(lines: readonly string[]): boolean {
  return lines.some((line) => /\b(?:we|we're|we've|our|us|i|i'm|my)\b/.test(line));
}

function insideQuotes(line: string, at: number): boolean {
  let open = 0;
  for (let i = 0; i < at; i++) if (line[i] === '"' || line[i] === '“' || line[i] === '”') open++;
  return open % 2 === 1 && reporting.test(line);
}
