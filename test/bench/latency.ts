/**
 * How long a page takes, from the record's produce to the SMTP server's 250: alone, and among half of the top rate.
 * And how long a monitor that was away takes to catch up.
 */
import { output } from '../harness/events.js';
import { tocsin } from '../harness/tocsin.js';
import { truthPolicy } from '../harness/truth.js';
import { until } from '../harness/until.js';
import { benchRules } from './bench-rules.js';
import { cpuSeconds, peakMemory } from './throughput.js';
import { benchEvent, hitPhrases, seeded } from './traffic.js';

export interface LatencySample {
  readonly p50: number;
  readonly p99: number;
  readonly pages: number;
}

const perSecond = 5;
const plan = `responders:
  oncall: { contacts: [{ name: mail, channel: email, address: oncall@example.org }] }
bundling: { on: false }
escalation_policies:
  page: { steps: [{ tell: [{ responder: oncall }] }] }
severities:
  SEV1: { policy: page }
  SEV2: { policy: page }
  SEV3: { policy: none }
  SEV4: { policy: none }
`;

/** Five new pageable incidents a second for `seconds`, beside `background` ordinary events a second. */
export async function pageLatency(background: number, seconds: number): Promise<LatencySample> {
  const running = await tocsin({ config: { 'policy.yml': truthPolicy, 'plan.yml': plan, ...benchRules('high') } });
  try {
    await running.start(['monitor']);
    await running.start(['pager']);
    const sent = new Map<string, number>();
    const random = seeded(17);
    const chunk = 500;
    let ended = false;
    const noise = (async () => {
      const began = performance.now();
      for (let produced = 0; !ended && background > 0; produced += chunk) {
        const values = Array.from({ length: chunk }, () => benchEvent(random, 0, new Date().toISOString()).value);
        await running.produce('outputs', values);
        const wait = began + ((produced + chunk) / background) * 1_000 - performance.now();
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      }
    })();
    const began = performance.now();
    for (let n = 0; n < perSecond * seconds; n++) {
      const account = `victim-${n}`;
      const event = output({ account, text: `before it ${hitPhrases[n % hitPhrases.length] ?? ''} and after` });
      sent.set(account, performance.timeOrigin + performance.now());
      await running.produce('outputs', [event]);
      const wait = began + ((n + 1) / perSecond) * 1_000 - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    }
    ended = true;
    await noise;
    await until('a page of each incident', () => new Set(running.mail.received.map(accountOf)).size >= sent.size, {
      withinMs: 120_000,
    });
    const first = new Map<string, number>();
    for (const mail of running.mail.received) {
      const account = accountOf(mail) ?? '';
      if (!first.has(account)) first.set(account, mail.at);
    }
    const times = [...sent].map(([account, at]) => (first.get(account) ?? Number.NaN) - at).toSorted((a, b) => a - b);
    return { p50: at(times, 0.5), p99: at(times, 0.99), pages: times.length };
  } finally {
    await running.close();
  }
}

/** A mail names the account that its incident is about. */
function accountOf({ mail }: { readonly mail: { readonly text?: string | undefined } }): string | undefined {
  return /victim-\d+/.exec(mail.text ?? '')?.[0];
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export interface RestartSample {
  readonly events: number;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  readonly cpu: number;
  readonly memory: number;
}

/** A monitor starts with `events` waiting for it; seconds from its start, process and all, to caught up. */
export async function restart(events: number): Promise<RestartSample> {
  const running = await tocsin({ config: { 'policy.yml': truthPolicy, ...benchRules() } });
  try {
    const random = seeded(19);
    const chunk = 10_000;
    for (let from = 0; from < events; from += chunk) {
      const values = Array.from(
        { length: chunk },
        (_, n) => benchEvent(random, from + n, new Date().toISOString()).value,
      );
      await running.produce('outputs', values);
    }
    const began = performance.now();
    const app = await running.start(['monitor'], { ready: false });
    await until(
      'the backlog to be read',
      async () => {
        const [row] = await running.db.database.query<{ read: number }>(
          `select coalesce(sum(next_offset), 0)::int8 as read from tocsin.stream_position where topic like '%outputs'`,
        );
        return (row?.read ?? 0) >= events;
      },
      { withinMs: 600_000, everyMs: 100 },
    );
    const seconds = (performance.now() - began) / 1_000;
    return {
      events,
      seconds,
      eventsPerSecond: events / seconds,
      cpu: cpuSeconds(app.pid),
      memory: peakMemory(app.pid),
    };
  } finally {
    await running.close();
  }
}
