/** What a fault test reads back of Tocsin: the incidents and findings of the truth's own rules, and who was mailed of what. */
import { expect } from '@jest/globals';
import type { ReceivedMail } from './mail-server.js';
import type { Tocsin } from './tocsin.js';
import type { Truth } from './truth.js';
import { until } from './until.js';

export interface ApiIncident {
  readonly id: string;
  readonly number: number;
  readonly title: string;
  readonly status: string;
  readonly severity: string;
  readonly rule?: string;
  readonly detector?: string;
  readonly key: Readonly<Record<string, string>>;
  readonly findings: number;
}

export interface ApiFinding {
  readonly event?: { readonly source: string; readonly id: string };
  readonly rule?: string;
}

/** Long, for a machine that is busy with other things: what is waited for comes in seconds as a rule. */
export const patiently = { withinMs: 180_000, everyMs: 300 };

export function allIncidents(running: Tocsin): Promise<ApiIncident[]> {
  return running.list<ApiIncident>('/api/v1/incidents');
}

/** Incidents of the test's rules; other detectors may have their own word about random text. */
export async function ofRules(running: Tocsin, prefix = '7c0ffee0'): Promise<ApiIncident[]> {
  return (await allIncidents(running)).filter(({ rule }) => rule?.startsWith(prefix));
}

/** Those that a truth speaks of: a test may open others beside it. */
async function ofTruth(running: Tocsin): Promise<ApiIncident[]> {
  return (await ofRules(running)).filter(({ key }) => key['account']?.startsWith('account-'));
}

export function addTruth(sum: Truth, part: Truth): Truth {
  return {
    values: [...sum.values, ...part.values],
    findings: new Set([...sum.findings, ...part.findings]),
    incidents: new Set([...sum.incidents, ...part.incidents]),
  };
}

/** Waits until as many findings are counted as there must be. */
export async function untilCounted(running: Tocsin, { findings }: Truth): Promise<void> {
  await until(
    `${findings.size} findings`,
    async () => (await ofTruth(running)).reduce((sum, one) => sum + one.findings, 0) >= findings.size,
    patiently,
  );
}

/** Nothing lost and nothing double: findings, incidents and their timelines are those of the truth, each once. */
export async function expectTruth(running: Tocsin, truth: Truth): Promise<readonly ApiIncident[]> {
  await untilCounted(running, truth);
  const open = await ofTruth(running);
  expect(open.map(({ rule, key }) => `${rule}|${key['account']}`).sort()).toEqual([...truth.incidents].sort());
  const found: string[] = [];
  for (const { id } of open) {
    for (const { event, rule } of await running.list<ApiFinding>(`/api/v1/incidents/${id}/findings`))
      found.push(`${event?.id}|${rule}`);
    const timeline = await running.list<{ what: string }>(`/api/v1/incidents/${id}/timeline`);
    expect(timeline.filter(({ what }) => what === 'opened')).toHaveLength(1);
  }
  expect(found.sort()).toEqual([...truth.findings].sort());
  return open;
}

/** Does the mail name this incident, by itself or in a bundle? */
export function names({ mail }: ReceivedMail, incident: ApiIncident): boolean {
  return new RegExp(`/incidents/${incident.id}\\b`).test(mail.text ?? '');
}

/** Waits until each incident is named in some mail. */
export async function untilPaged(running: Tocsin, incidents: readonly ApiIncident[]): Promise<void> {
  await until(
    `a page of each of ${incidents.length} incidents`,
    () => {
      const all = running.mail.received.map(({ mail }) => mail.text ?? '').join('\n');
      const told = new Set([...all.matchAll(/\/incidents\/([0-9a-f]{32})/g)].map(([, id]) => id));
      return incidents.every(({ id }) => told.has(id));
    },
    patiently,
  );
}

/** One value of a process's metrics, summed over its labels; undefined where it is not there. */
export async function metric(port: number, name: string): Promise<number | undefined> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const values = text
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}
