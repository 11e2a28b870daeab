/** The path, whole: a record produced to Kafka becomes an incident and an e-mail, and the link in the mail acknowledges. */
import { tocsin, type Tocsin } from '../harness/tocsin.js';
import { feedback, output } from '../harness/events.js';
import { truthPolicy, truthRules, phrases } from '../harness/truth.js';
import { until } from '../harness/until.js';

interface ApiIncident {
  readonly id: string;
  readonly number: number;
  readonly status: string;
  readonly severity: string;
  readonly rule?: string;
  readonly key: { readonly account?: string };
  readonly findings: number;
  readonly acknowledged_by?: string;
}

let running: Tocsin;
beforeAll(async () => {
  running = await tocsin({ config: { 'policy.yml': truthPolicy, ...truthRules() } });
  await running.start(['monitor', 'pager', 'api']);
}, 120_000);
afterAll(() => running.close(), 60_000);

test('an output that meets a rule opens an incident, pages by e-mail without its content, and the link acknowledges', async () => {
  const secretText = `nobody may mail this sentence; ${phrases[0]}; nor the rest`;
  await running.produce('outputs', [
    output({ id: 'hit-1', account: 'mallory', text: secretText }),
    output({ account: 'alice' }),
  ]);
  const [incident] = await until('the incident', async () => {
    const items = await running.list<ApiIncident>('/api/v1/incidents');
    return items.length > 0 ? items : undefined;
  });
  expect(incident).toMatchObject({ status: 'open', severity: 'SEV2', key: { account: 'mallory' }, findings: 1 });

  const mail = await until('the page', () => running.mail.received[0], { withinMs: 30_000 });
  expect(mail.to).toEqual(['oncall@example.org']);
  expect(mail.raw).not.toContain('nobody may mail');
  expect(mail.mail.html || '').not.toContain('nobody may mail');
  const [, link = ''] = /^Acknowledge: (\S+)$/m.exec(mail.mail.text ?? '') ?? [];
  expect(link).toMatch(/^http/);

  const look = await fetch(link);
  expect(look.status).toBe(200);
  expect(look.headers.get('cache-control')).toBe('no-store');
  const page = await look.text();
  expect(page).toContain('<form method="post">');
  expect(page).not.toContain('nobody may mail');
  expect((await running.api<ApiIncident>(`/api/v1/incidents/${incident!.id}`)).status).toBe('open');

  const posted = await fetch(link, { method: 'POST' });
  expect(await posted.text()).toContain('Acknowledged');
  expect(await running.api<ApiIncident>(`/api/v1/incidents/${incident!.id}`)).toMatchObject({ status: 'acknowledged' });
  const second = await (await fetch(link, { method: 'POST' })).text();
  expect(second).toContain('Already acknowledged');
  const { acknowledged_by } = await running.api<ApiIncident>(`/api/v1/incidents/${incident!.id}`);
  expect(second).toContain(acknowledged_by);

  const notifications = await running.list<{ to: string; state: string; attempts: { outcome: string }[] }>(
    `/api/v1/incidents/${incident!.id}/notifications`,
  );
  expect(notifications).toMatchObject([{ to: 'oncall@example.org', state: 'sent', attempts: [{ outcome: 'sent' }] }]);
  const timeline = await running.list<{ what: string }>(`/api/v1/incidents/${incident!.id}/timeline`);
  expect(timeline.map(({ what }) => what)).toEqual(expect.arrayContaining(['opened', 'acknowledged']));
});

test('the same event produced twice is one finding', async () => {
  const event = output({ id: 'twice', account: 'bob', text: `once more: ${phrases[1]}` });
  await running.produce('outputs', [event], { partition: 0 });
  await running.produce('outputs', [event, event], { partition: 1 });
  await running.produce('outputs', [output({ id: 'after', account: 'bob', text: `and then: ${phrases[1]}` })], {
    partition: 1,
  });
  await until('both events to be judged', async () => {
    const [incident] = (await running.list<ApiIncident>('/api/v1/incidents')).filter(
      ({ key }) => key.account === 'bob',
    );
    return incident?.findings === 2;
  });
});

test('a record that cannot be read is a dead letter, listed without its content, and stops nothing', async () => {
  await running.produce('outputs', ['{"opaque words": json', null, Buffer.from([0xff, 0xfe, 0x00])], { partition: 2 });
  await running.produce('outputs', [output({ account: 'carol', text: `still judged: ${phrases[2]}` })], {
    partition: 2,
  });
  await until('the record behind them', async () =>
    (await running.list<ApiIncident>('/api/v1/incidents')).some(({ key }) => key.account === 'carol'),
  );
  const { stdout, code } = await running.verb(['deadletters', 'list']);
  expect(code).toBe(0);
  const letters = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { reason: string });
  expect(letters).toHaveLength(3);
  expect(stdout).not.toContain('opaque');
});

test('three aged reporters of one output open an incident; two do not', async () => {
  await running.produce('outputs', [
    output({ id: 'reported', account: 'dave' }),
    output({ id: 'grumbled', account: 'erin' }),
  ]);
  await running.produce(
    'feedback',
    ['a', 'b', 'c'].map((reporter) => feedback({ of: 'reported', reporter })),
  );
  await running.produce(
    'feedback',
    ['d', 'e'].map((reporter) => feedback({ of: 'grumbled', reporter })),
  );
  await until('the incident of the reported account', async () =>
    (await running.list<ApiIncident>('/api/v1/incidents')).some(({ key }) => key.account === 'dave'),
  );
  expect((await running.list<ApiIncident>('/api/v1/incidents')).some(({ key }) => key.account === 'erin')).toBe(false);
});
