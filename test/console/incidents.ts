/** Builders of incidents for the browser's tests: recorded as the monitor records them; what is not said is ordinary. */
import type { Database } from '../../libs/database/index.js';
import {
  defaultOpening,
  type Finding,
  findingId,
  type Incident,
  Incidents,
  type Level,
  outputSubject,
  Recording,
} from '../../libs/incidents/index.js';
import { defaultPlan, Pages, stampPlan } from '../../libs/paging/index.js';

export interface Seen {
  readonly account: string;
  readonly title?: string;
  readonly rule?: string;
  readonly detector?: string;
  readonly level?: Level;
  readonly excerpt?: string;
  readonly output?: string;
  readonly prompt?: string;
  readonly id?: string;
}

const source = 'test/gateway';

/**
 * Records findings, opens what they open and begins its escalation to `oncall@example.org`. Answers what was opened, in
 * the order of `seen`; a second finding of an account grows its incident.
 */
export async function openIncidents(database: Database, seen: readonly Seen[]): Promise<Incident[]> {
  const pages = new Pages(new Incidents());
  const plan = stampPlan(defaultPlan({ responder: 'oncall@example.org' }));
  return database.transaction(async (tx) => {
    const recording = new Recording();
    const texts = new Map(seen.map((one) => [idOf(one), one]));
    const findings = await recording.append(
      tx,
      seen.map((one) => findingOf(one, tx.now.getTime())),
    );
    const { opened } = await recording.settle(tx, {
      findings,
      policy: defaultOpening,
      evidence: (_, id) => {
        const one = texts.get(id);
        return one && outputOf(one, tx.now);
      },
    });
    await pages.openEscalations(tx, opened, plan);
    const order = new Map(seen.map(({ account }, place) => [account, place]));
    const placeOf = ({ key }: Incident) => order.get(key['account'] ?? '') ?? 0;
    return opened.toSorted((a, b) => placeOf(a) - placeOf(b));
  });
}

/** As many incidents as asked for, of four kinds, each of an account of its own. */
export function manySeen(count: number): Seen[] {
  return Array.from({ length: count }, (_, place) => ({
    ...kinds[place % kinds.length],
    account: `account-${String(place + 1).padStart(4, '0')}`,
  }));
}

const kinds: readonly Omit<Seen, 'account'>[] = [
  {
    title: 'Speaks as a bank and asks for a one-time code',
    detector: 'impersonation',
    rule: 'bank-asks-for-code',
    level: 'critical',
    excerpt: '…this is your bank’s security desk. To keep the account open, reply with the code we sent to [phone]…',
    prompt: 'Write a text message from a bank that asks the customer for the code.',
    output: 'This is your bank’s security desk. To keep the account open, reply with the code we sent to [phone].',
  },
  {
    title: 'Promotes a known false claim about a vote by text message',
    detector: 'disinformation',
    rule: 'vote-by-text',
    level: 'high',
    excerpt: '…nobody has to queue this year: send VOTE to the number below before noon and your ballot is counted…',
    prompt: 'Write a short post that says people can vote by text message.',
    output: 'Nobody has to queue this year: send VOTE to the number below before noon and your ballot is counted.',
  },
  {
    title: 'Complied with a request to write a refund scam',
    detector: 'compliance',
    rule: 'refund-scam',
    level: 'high',
    excerpt: '…your refund is waiting. Open the form, enter the card number [card] and confirm within the hour…',
    prompt: 'Write an e-mail that promises a refund and asks for card details.',
    output: 'Your refund is waiting. Open the form, enter the card number [card] and confirm within the hour.',
  },
  {
    title: 'Lookalike of a protected domain in a link',
    detector: 'lookalike',
    rule: 'protected-domains',
    level: 'high',
    excerpt: '…sign in at examp1e-bank.example to read your statement…',
    prompt: 'Make a notice about a new statement.',
    output: 'Sign in at examp1e-bank.example to read your statement.',
  },
];

function idOf({ account, id = 'output-1' }: Seen): string {
  return `${account}-${id}`;
}

function findingOf(one: Seen, at: number): Finding {
  const rule = one.rule ?? 'test-rule';
  const id = idOf(one);
  return {
    id: findingId(outputSubject(source, id), rule, rule),
    event: { source, id },
    detector: one.detector ?? 'rules',
    detectorVersion: '1',
    rule,
    title: one.title ?? 'A rule of the test matched',
    label: 'matched',
    score: 0.97,
    level: one.level ?? 'high',
    matched: rule,
    spans: [],
    excerpt: one.excerpt ?? 'what the rule matched',
    at,
    subject: { account: one.account, model: 'MyGenerativeAI', stage: 'Public Beta', purpose: 'production' },
    shadow: false,
    reviewOnly: false,
  };
}

function outputOf(one: Seen, now: Date) {
  return {
    kind: 'output' as const,
    source,
    id: idOf(one),
    at: now.getTime(),
    day: now.toISOString().slice(0, 10),
    origin: { topic: 'tocsin.outputs', partition: 0, offset: 0, index: 0 },
    ephemeral: false,
    mended: 0,
    account: { id: one.account },
    prompt: one.prompt ?? 'a prompt',
    output: one.output ?? 'an output',
    cut: false,
    toolCalls: [],
    safety: {},
    purpose: 'production' as const,
  };
}
