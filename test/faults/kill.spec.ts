/**
 * Promise 1 and 11 under kill -9: monitors and pagers, two copies each, are killed at random moments under load. What
 * was produced decides what must be there; only the HTTP API and the received mails are asked.
 */
import { tocsin, type AppProcess, type Tocsin } from '../harness/tocsin.js';
import { truth, truthPolicy, truthRules } from '../harness/truth.js';
import { seeded } from '../bench/traffic.js';
import { until } from '../harness/until.js';

interface ApiIncident {
  readonly id: string;
  readonly rule?: string;
  readonly key: { readonly account?: string };
  readonly findings: number;
  readonly number: number;
}
interface ApiFinding {
  readonly event?: { readonly id: string };
  readonly rule?: string;
}

const rounds = Number(process.env['TOCSIN_KILL_ROUNDS'] ?? 3);
let running: Tocsin;

/** Incidents of the test's rules; other detectors may have their own word about random text. */
async function ofRules(): Promise<ApiIncident[]> {
  return (await running.list<ApiIncident>('/api/v1/incidents')).filter(({ rule }) => rule?.startsWith('7c0ffee0'));
}

beforeAll(async () => {
  running = await tocsin({ config: { 'policy.yml': truthPolicy, ...truthRules() } });
  await running.start(['api']);
}, 120_000);
afterAll(() => running?.close(), 60_000);

test(
  `no event is lost and none counted twice, pages arrive at least once: ${rounds} rounds of kill -9 of monitors and pagers under load`,
  async () => {
    const random = seeded(Date.now());
    const copies: AppProcess[] = [];
    for (const apps of [['monitor'], ['monitor'], ['pager'], ['pager']]) copies.push(await running.start(apps));

    const findings = new Set<string>();
    const incidents = new Set<string>();
    for (let round = 0; round < rounds; round++) {
      const part = truth(1_000 + round, 3_000);
      for (const one of part.findings) findings.add(one);
      for (const one of part.incidents) incidents.add(one);
      const producing = running.produce('outputs', part.values);
      // A victim at a random moment of the load; its like is started again at once, as a supervisor would.
      const victim = Math.floor(random() * copies.length);
      await new Promise((resolve) => setTimeout(resolve, 200 + random() * 1_500));
      await copies[victim]!.stop('SIGKILL');
      copies[victim] = await running.start(copies[victim]!.apps, { ready: false });
      await producing;
    }

    await until(
      'every finding to be counted',
      async () => {
        const open = await ofRules();
        return open.reduce((sum, incident) => sum + incident.findings, 0) >= findings.size;
      },
      { withinMs: 180_000, everyMs: 500 },
    );
    const open = await ofRules();
    expect(open.map(({ rule, key }) => `${rule}|${key.account}`).sort()).toEqual([...incidents].sort());
    expect(new Set(open.map(({ number }) => number)).size).toBe(open.length);

    const found: string[] = [];
    for (const { id } of open) {
      for (const finding of await running.list<ApiFinding>(`/api/v1/incidents/${id}/findings`)) {
        found.push(`${finding.event?.id}|${finding.rule}`);
      }
      const timeline = await running.list<{ sequence: number; what: string }>(`/api/v1/incidents/${id}/timeline`);
      expect(timeline.filter(({ what }) => what === 'opened')).toHaveLength(1);
      const sequences = timeline.map(({ sequence }) => sequence);
      expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
    }
    expect(found.sort()).toEqual([...findings].sort());

    // At least one page for each incident; one sent twice bears the same Message-ID.
    const messageOf = new Map<string, Set<string>>();
    await until(
      'a page of every incident',
      () => {
        for (const { mail, messageId } of running.mail.received) {
          const [, id] = /\/incidents\/([0-9a-f]{32})/.exec(mail.text ?? '') ?? [];
          for (const incident of open) {
            if (incident.id === id || mail.text?.includes(`#${incident.number} `) || mail.text?.includes(incident.id)) {
              messageOf.set(incident.id, (messageOf.get(incident.id) ?? new Set()).add(messageId));
            }
          }
        }
        return open.every(({ id }) => messageOf.has(id));
      },
      { withinMs: 120_000, everyMs: 500 },
    );
    for (const app of copies) expect(app.running()).toBe(true);
  },
  300_000 + rounds * 60_000,
);
