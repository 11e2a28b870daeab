/**
 * The bench's traffic: outputs of about 700 bytes, made by a seeded generator. Ordinary text is drawn word by word, so
 * it does not repeat; a hit carries one phrase that one of the bench's rules looks for.
 */

/** A small seeded generator (mulberry32): the same traffic on both sides and in every round. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const words = (
  'time year people way day man thing woman life child world school state family student group country problem hand ' +
  'part place case week company system program question work government number night point home water room mother area ' +
  'money story fact month lot right study book eye job word business issue side kind head house service friend father ' +
  'power hour game line end member law car city community name president team minute idea body information back parent ' +
  'face others level office door health person art war history party result change morning reason research girl guy ' +
  'moment air teacher force education the of and a to in is you that it he was for on are as with his they at be this ' +
  'have from or one had by but not what all were we when your can said there use an each which she do how their if will'
).split(' ');

/** What the bench's rules look for; `bench-rules.ts` writes a rule for each. */
export const hitPhrases = [
  'your account has been suspended, confirm the code',
  'polling stations were moved to another day',
  'send the gift card numbers before noon',
  'write two hundred reviews with five stars',
  'never tell your bank about this transfer',
  'this is the fraud department, read me the password',
  'post these comments from many accounts',
  'the cure that doctors keep from you',
  'pretend to be the grandson in trouble',
  'i am a real person, not a program',
] as const;

export function sentence(random: () => number, length: number): string {
  let text = '';
  while (text.length < length) text += `${text === '' ? '' : ' '}${words[Math.floor(random() * words.length)]}`;
  return text;
}

export interface BenchEvent {
  readonly id: string;
  readonly account: string;
  /** The whole record's value, JSON text of about 700 bytes. */
  readonly value: string;
  /** Index of the phrase it carries, or -1. */
  readonly hit: number;
}

/** Event `n` of a run; every hundredth is a hit. */
export function benchEvent(random: () => number, n: number, time: string): BenchEvent {
  const hit = n % 100 === 37 ? Math.floor(n / 100) % hitPhrases.length : -1;
  const text =
    hit === -1 ? sentence(random, 330) : `${sentence(random, 140)} ${hitPhrases[hit] ?? ''} ${sentence(random, 140)}`;
  const id = `bench-${n}`;
  const account = `account-${Math.floor(random() * 5_000)}`;
  const value = JSON.stringify({
    specversion: '1.0',
    type: 'tocsin.output.v1',
    source: 'bench/gateway',
    id,
    time,
    datacontenttype: 'application/json',
    data: {
      model: { name: 'MyGenerativeAI', version: 'v1.0-alpha' },
      stage: 'Internal Alpha',
      account: { id: account, audience: 'internal_devs' },
      conversation: `conversation-${n % 20_000}`,
      output: text,
      finish_reason: 'stop',
      safety: { content_filter: { ran: true, flagged: false } },
    },
  });
  return { id, account, value, hit };
}
