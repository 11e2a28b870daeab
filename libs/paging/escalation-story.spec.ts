import { jest } from '@jest/globals';
import { endWorlds, world, email, stampedOf, type World } from './paging.fixture.js';

jest.setTimeout(180_000);

const people = (...names: string[]) => Object.fromEntries(names.map((name) => [name, { contacts: [email(name)] }]));
const start = '2026-03-02T08:00:00Z';

let here: World;
afterAll(endWorlds);
afterEach(() => here.close());

const told = async (incident?: string) =>
  (await here.states(incident)).map(({ kind, responder, round, step }) => `${kind} ${round}.${step} ${responder}`);

async function after(time: string): Promise<void> {
  await here.db.clock.advance(time);
  await here.drive();
}

test('five steps are told in order, each after its own wait, and then it is said that nobody answered', async () => {
  const names = ['ann', 'ben', 'cat', 'dan', 'eve'];
  here = await world({
    responders: people(...names, 'boss'),
    fallback: 'boss',
    escalation_policies: {
      page: { steps: names.map((responder, i) => ({ tell: [{ responder }], wait: `${i + 1}m` })), repeat: 0 },
    },
  });
  await here.db.clock.set(start);
  const incident = await here.open();
  expect(await told()).toEqual(['page 1.1 ann']);
  await after('59 seconds');
  expect(await told()).toHaveLength(1);
  await after('1 second');
  expect(await told()).toEqual(['page 1.1 ann', 'page 1.2 ben']);
  await after('2 minutes');
  await after('3 minutes');
  await after('4 minutes');
  expect(await told()).toEqual(names.map((name, i) => `page 1.${i + 1} ${name}`));
  await after('5 minutes');
  expect((await told()).at(-1)).toBe('fallback 1.6 boss');
  expect((await here.timeline(incident.id)).at(-1)).toBe(
    'round 1: every step is exhausted and nobody acknowledged; tells the fallback, boss by email',
  );
  await after('10 days');
  expect(await told()).toHaveLength(6);
});

test('a step that was due while no pager lived is told once, and none is skipped', async () => {
  here = await world({
    responders: people('ann', 'ben'),
    escalation_policies: {
      page: { steps: [{ tell: [{ responder: 'ann' }] }, { tell: [{ responder: 'ben' }] }], repeat: 1 },
    },
  });
  await here.db.clock.set(start);
  await here.open();
  await after('3 hours');
  expect(await told()).toEqual(['page 1.1 ann', 'page 1.2 ben']);
  await after('5 minutes');
  await after('5 minutes');
  expect(await told()).toEqual(['page 1.1 ann', 'page 1.2 ben', 'page 1.3 ann', 'page 1.4 ben']);
});

test('an acknowledgement stops the steps, and no update within the time pages again in a new round', async () => {
  here = await world({ severities: { SEV1: { policy: 'page', update_every: '30m' } } });
  await here.db.clock.set(start);
  const { id } = await here.open();
  const acted = await here.responding.acknowledge(id, { who: 'ann' });
  expect(acted).toMatchObject({ outcome: 'done', cancelled: 1, onTheWire: 0 });
  await after('20 minutes');
  await here.responding.note(id, 'looking into it', { who: 'ann' });
  await after('29 minutes');
  expect(await told(id)).toEqual(['page 1.1 ann']);
  await after('1 minute');
  expect(await told(id)).toEqual(['page 1.1 ann', 'page 2.1 ann']);
  expect((await here.timeline(id)).at(-1)).toBe(
    'round 2, step 1: tells ann by email (acknowledged, and no update since)',
  );
  expect(await here.responding.acknowledge(id, { who: 'ben' })).toMatchObject({
    outcome: 'done',
    incident: { acknowledgedBy: 'ben' },
  });
  expect(await here.responding.acknowledge(id, { who: 'cat' })).toMatchObject({ outcome: 'already' });
});

test('a snoozed incident is paged by nobody until then, and from the first step afterwards', async () => {
  here = await world();
  await here.db.clock.set(start);
  const { id } = await here.open();
  await here.responding.snooze(id, new Date('2026-03-02T10:00:00Z'), { who: 'ann', why: 'a known matter' });
  await after('1 hour');
  expect((await here.states(id)).map(({ state }) => state)).toEqual(['cancelled']);
  await after('1 hour');
  expect(await told(id)).toEqual(['page 1.1 ann', 'page 2.1 ann']);
});

test('a press on a page of a round that is over by then does nothing, and one on the newest acknowledges', async () => {
  here = await world();
  await here.db.clock.set(start);
  const { id } = await here.open();
  await here.responding.reassign(id, ['ben'], { who: 'ann' });
  await here.drive();
  expect(await here.responding.acknowledge(id, { who: 'ann' }, 1)).toMatchObject({ outcome: 'refused', moved: true });
  expect(await here.responding.resolve(id, 'over', { who: 'ann' }, 1)).toMatchObject({
    outcome: 'refused',
    moved: true,
  });
  expect((await here.incidents.get(here.db.database, id))?.status).toBe('open');
  expect(await here.responding.acknowledge(id, { who: 'ben' }, 2)).toMatchObject({ outcome: 'done' });
});

test('acknowledged, snoozed and then held back by a silence: another acknowledgement ends the paging', async () => {
  here = await world();
  await here.db.clock.set(start);
  const { id } = await here.open();
  await here.responding.acknowledge(id, { who: 'ann' });
  await here.db.database.query(
    `update tocsin.escalation set state = 'held', held_why = 'a silence', due_at = tocsin.now() + interval '1 hour' where incident = $1`,
    [id],
  );
  expect(await here.responding.acknowledge(id, { who: 'ben' })).toMatchObject({ outcome: 'done' });
  await after('2 hours');
  expect(await told(id)).toEqual(['page 1.1 ann']);
});

test('a plan changed in mid-escalation changes nothing for what is already open', async () => {
  here = await world({
    responders: people('ann', 'ben'),
    escalation_policies: { page: { steps: [{ tell: [{ responder: 'ann' }] }, { tell: [{ responder: 'ben' }] }] } },
  });
  await here.db.clock.set(start);
  const old = await here.open();
  here.plan = stampedOf({
    responders: people('cat'),
    escalation_policies: { page: { steps: [{ tell: [{ responder: 'cat' }] }] } },
  });
  const young = await here.open();
  await after('5 minutes');
  expect(await told(old.id)).toEqual(['page 1.1 ann', 'page 1.2 ben']);
  expect(await told(young.id)).toEqual(['page 1.1 cat', 'page 1.2 cat']);
});

test('reassigning begins a new round with the person named, and the policy follows', async () => {
  here = await world();
  await here.db.clock.set(start);
  const { id } = await here.open();
  expect(await here.responding.reassign(id, ['bne'], { who: 'ann' })).toMatchObject({
    outcome: 'refused',
    reason: 'found the responder "bne", wanted one of ann, ben',
  });
  await here.responding.reassign(id, ['ben'], { who: 'ann', why: 'his system' });
  await after('0 seconds');
  await after('5 minutes');
  expect(await told(id)).toEqual(['page 1.1 ann', 'page 2.1 ben', 'page 2.2 ann']);
});

test('escalating now tells the next step without the wait, and an added responder alone is told', async () => {
  here = await world({
    responders: people('ann', 'ben', 'cat'),
    escalation_policies: { page: { steps: [{ tell: [{ responder: 'ann' }] }, { tell: [{ responder: 'ben' }] }] } },
  });
  await here.db.clock.set(start);
  const { id } = await here.open();
  await here.responding.escalateNow(id, { who: 'ann' });
  await here.drive();
  await here.responding.addResponder(id, 'cat', { who: 'ben' });
  expect(await told(id)).toEqual(['page 1.0 cat', 'page 1.1 ann', 'page 1.2 ben']);
});

test('nobody on call means the next step now, and says why', async () => {
  here = await world({
    schedules: { empty: { zone: 'UTC', layers: [{ starts: '2030-01-07', responders: ['ann'] }] } },
    escalation_policies: {
      page: { steps: [{ tell: [{ schedule: 'empty' }] }, { tell: [{ responder: 'ben' }] }], repeat: 0 },
    },
  });
  await here.db.clock.set(start);
  const { id } = await here.open();
  expect(await told(id)).toEqual(['page 1.2 ben']);
  expect((await here.timeline(id)).at(-1)).toBe('round 1, step 2: tells ben by email (nobody is on call in empty)');
});

test('a silenced incident pages when the silence ends, unless it was resolved', async () => {
  here = await world({
    silences: [{ match: { title: 'known *' }, to: '2026-03-02T09:00', reason: 'being repaired', by: 'ann' }],
  });
  await here.db.clock.set(start);
  const held = await here.open({ title: 'known trouble' });
  const ended = await here.open({ title: 'known trouble too' });
  const other = await here.open({ title: 'other' });
  expect(await told()).toEqual(['page 1.1 ann']);
  expect(await told(other.id)).toHaveLength(1);
  await here.responding.resolve(ended.id, 'resolved', { who: 'ann' });
  await after('1 hour');
  expect(await told(held.id)).toEqual(['page 1.1 ann']);
  expect(await told(ended.id)).toEqual([]);
  expect(await here.timeline(held.id)).toContain(
    'page held back (silenced by ann until 2026-03-02T09:00:00.000Z: being repaired)',
  );
});

test('incidents of one group share a page, and acknowledging the first acknowledges them', async () => {
  here = await world({ grouping: [{ by: ['campaign'], within: '10m' }] });
  await here.db.clock.set(start);
  const first = await here.open({ key: { campaign: 'a' } });
  const second = await here.open({ key: { campaign: 'a' } });
  const other = await here.open({ key: { campaign: 'b' } });
  expect(await told(second.id)).toEqual([]);
  expect(await told(other.id)).toHaveLength(1);
  await here.responding.acknowledge(first.id, { who: 'ann' });
  expect((await here.incidents.get(here.db.database, second.id))?.status).toBe('acknowledged');
});

test('an inhibited incident pages once what covers it is over', async () => {
  here = await world({
    inhibition: [{ source: { title: 'cluster *' }, target: { title: 'node *' }, equal: ['site'] }],
  });
  await here.db.clock.set(start);
  const cluster = await here.open({ title: 'cluster down', key: { site: 'x' } });
  const node = await here.open({ title: 'node down', key: { site: 'x' } });
  const elsewhere = await here.open({ title: 'node down', key: { site: 'y' } });
  expect(await told(node.id)).toEqual([]);
  expect(await told(elsewhere.id)).toHaveLength(1);
  await here.responding.resolve(cluster.id, 'resolved', { who: 'ann' });
  await after('2 minutes');
  expect(await told(node.id)).toEqual(['page 1.1 ann']);
});

test('SEV3 of a policy that asks nobody is told once, SEV4 is listed', async () => {
  here = await world({
    escalation_policies: { mail: { steps: [{ tell: [{ responder: 'ann' }] }], acknowledge: false } },
    severities: { SEV3: { policy: 'mail' }, SEV4: { policy: 'none' } },
  });
  await here.db.clock.set(start);
  const mailed = await here.open({ severity: 'SEV3' });
  const listed = await here.open({ severity: 'SEV4' });
  await after('2 days');
  expect(await told(mailed.id)).toEqual(['page 1.1 ann']);
  expect(await told(listed.id)).toEqual([]);
});

test('a re-opened incident is paged anew, in a round of its own', async () => {
  here = await world();
  await here.db.clock.set(start);
  const { id } = await here.open();
  await here.responding.resolve(id, 'resolved', { who: 'ann' });
  await here.responding.reopen(id, { who: 'ben', why: 'it is back' });
  expect(await told(id)).toEqual(['page 1.1 ann', 'page 2.1 ann']);
});

test('a graver severity pages anew; a lesser one does not', async () => {
  here = await world({ severities: { SEV1: { policy: 'page' }, SEV2: { policy: 'page' }, SEV4: { policy: 'none' } } });
  await here.db.clock.set(start);
  const { id } = await here.open({ severity: 'SEV4' });
  await here.responding.setSeverity(id, 'SEV2', { who: 'ann', why: 'worse than it looked' });
  expect(await told(id)).toEqual(['page 1.1 ann']);
  await here.responding.setSeverity(id, 'SEV1', { who: 'ann', why: 'much worse' });
  await here.drive();
  expect(await told(id)).toEqual(['page 1.1 ann', 'page 2.1 ann']);
  await here.responding.setSeverity(id, 'SEV2', { who: 'ann', why: 'not so bad' });
  await here.drive();
  expect(await told(id)).toHaveLength(2);
});

test('an incident that turned worse while it grew is paged anew, also after an acknowledgement; asked again, nothing comes', async () => {
  here = await world();
  await here.db.clock.set(start);
  const incident = await here.open({ severity: 'SEV2' });
  await here.responding.acknowledge(incident.id, { who: 'ann' });
  const again = (severity: 'SEV1' | 'SEV2') =>
    here.db.database.transaction((tx) =>
      here.pages.openEscalations(tx, [{ ...incident, status: 'acknowledged', severity }], here.plan),
    );
  expect(await again('SEV2')).toBe(0);
  expect(await again('SEV1')).toBe(1);
  expect(await again('SEV1')).toBe(0);
  expect(await told(incident.id)).toEqual(['page 1.1 ann', 'page 2.1 ann']);
});
