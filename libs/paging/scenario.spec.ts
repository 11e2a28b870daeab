/**
 * Nights on call, told in a small language on the database's moved clock. A line is a time or an act; `told` lists every
 * notification written since the last `told`, as `incident round.step person`, and none beside.
 */
import { jest } from '@jest/globals';
import { email, endWorlds, world, type World } from './paging.fixture.js';
import { instantOfText } from './schedule.js';
import { parseDuration } from './time.js';

jest.setTimeout(180_000);

let here: World;
afterAll(endWorlds);
afterEach(() => here.close());

async function play(script: string): Promise<void> {
  const incidents = new Map<string, string>();
  const seen = new Set<string>();
  const id = (name: string) => incidents.get(name) ?? fail(`no incident ${name}`);
  const names = () => new Map([...incidents].map(([name, of]) => [of, name]));
  for (const line of script
    .split('\n')
    .map((one) => one.trim())
    .filter((one) => one !== '')) {
    const [verb = '', first = '', ...rest] = line.split(/\s+/);
    const who = { who: rest.at(-1) ?? 'somebody' };
    switch (verb) {
      case 'at':
        await here.db.clock.set(new Date(instantOfText(first, rest[0] ?? 'UTC')));
        await here.drive();
        break;
      case 'after':
        await here.db.clock.advance(`${(parseDuration(first) ?? 0) / 1_000} seconds`);
        await here.drive();
        break;
      case 'open':
        incidents.set(first, (await here.open({ title: first })).id);
        break;
      case 'ack':
        await here.responding.acknowledge(id(first), who);
        break;
      case 'resolve':
        await here.responding.resolve(id(first), 'resolved', who);
        break;
      case 'note':
        await here.responding.note(id(first), 'still at it', who);
        break;
      case 'snooze': {
        const now = (await here.db.database.now()).getTime();
        await here.responding.snooze(id(first), new Date(now + (parseDuration(rest[0] ?? '') ?? 0)), who);
        break;
      }
      case 'told': {
        const wanted = line
          .slice(4)
          .split(',')
          .map((one) => one.trim())
          .filter((one) => one !== '' && one !== 'nobody');
        const rows = await here.db.database.query<{
          id: string;
          incident: string;
          kind: string;
          round: number;
          step: number;
          responder: string;
        }>(
          `select id, incident, kind, round, step, responder from tocsin.notification where kind in ('page', 'fallback') order by due_at, incident, round, step, responder`,
        );
        const fresh = rows.filter((row) => !seen.has(row.id));
        for (const row of fresh) seen.add(row.id);
        const told = fresh.map(
          ({ incident, kind, round, step, responder }) =>
            `${names().get(incident)} ${round}.${step} ${responder}${kind === 'fallback' ? '!' : ''}`,
        );
        expect({ line, told: told.toSorted() }).toEqual({ line, told: wanted.toSorted() });
        break;
      }
      default:
        fail(`no such verb: ${line}`);
    }
  }
}

function fail(message: string): never {
  throw new Error(message);
}

const crew = (...names: string[]) => Object.fromEntries(names.map((name) => [name, { contacts: [email(name)] }]));

/** Weeks from Monday 09:00 in `zone`, ann first; one step that asks the schedule, then the boss. */
const weeks = (zone: string, over: object = {}) => ({
  responders: crew('ann', 'ben', 'cat', 'boss'),
  fallback: 'boss',
  schedules: {
    primary: {
      zone,
      layers: [
        { rotation: 'weekly', handoff: { on: 'mon', at: '09:00' }, starts: '2026-03-02', responders: ['ann', 'ben'] },
      ],
      ...over,
    },
  },
  escalation_policies: {
    page: {
      steps: [
        { tell: [{ schedule: 'primary' }], wait: '10m' },
        { tell: [{ responder: 'boss' }], wait: '10m' },
      ],
      repeat: 0,
    },
  },
  severities: { SEV1: { policy: 'page', update_every: '1h' } },
});

test.each([
  ['Europe/Berlin', '2026-03-30', '2026-10-26'],
  ['America/New_York', '2026-03-09', '2026-11-02'],
  ['Australia/Lord_Howe', '2026-04-06', '2026-10-05'],
  ['Asia/Kolkata', '2026-03-30', '2026-10-26'],
])('in %s the hand-off after a clock change is at 09:00 to the minute', async (zone, spring, autumn) => {
  here = await world(weeks(zone));
  const turn = (day: string) =>
    Math.round((Date.parse(day) - Date.parse('2026-03-02')) / (7 * 86_400_000)) % 2 === 0
      ? ['ben', 'ann']
      : ['ann', 'ben'];
  for (const day of [spring, autumn]) {
    const [leaves, comes] = turn(day);
    await play(`
      at ${day}T08:59 ${zone}
      open early
      told early 1.1 ${leaves}
      at ${day}T09:00 ${zone}
      open sharp
      told sharp 1.1 ${comes}
      resolve early by ann
      resolve sharp by ann
    `);
    await here.close();
    here = await world(weeks(zone));
  }
});

test('an override over a hand-off is told until its end, and a step due after it goes to whoever is on call then', async () => {
  here = await world({
    ...weeks('Europe/Berlin', { overrides: [{ responder: 'cat', from: '2026-03-09T08:00', to: '2026-03-09T09:30' }] }),
    escalation_policies: { page: { steps: [{ tell: [{ schedule: 'primary' }], wait: '10m' }], repeat: 3 } },
  });
  await play(`
    at 2026-03-09T07:55 Europe/Berlin
    open a
    told a 1.1 ann
    after 10m
    told a 1.2 cat
    at 2026-03-09T09:25 Europe/Berlin
    told a 1.3 cat
    after 10m
    told a 1.4 ben
    ack a by ben
    after 59m
    told nobody
    after 1m
    told a 2.1 ben
  `);
});

test('a restriction ends at midnight to the minute, and nobody on call means the next step at once', async () => {
  here = await world(
    weeks('Europe/Berlin', {
      layers: [{ starts: '2026-03-02', responders: ['ann'], restrict: [{ from: '08:00', to: '24:00' }] }],
    }),
  );
  await play(`
    at 2026-03-10T23:59 Europe/Berlin
    open a
    told a 1.1 ann
    after 1m
    open b
    told b 1.2 boss
    at 2026-03-11T08:00 Europe/Berlin
    told a 1.2 boss, b 1.3 boss!
    open c
    told c 1.1 ann
  `);
});

test('a night: acknowledged, forgotten, paged again, snoozed, and over in the morning', async () => {
  here = await world(weeks('Europe/Berlin'));
  await play(`
    at 2026-03-10T02:00 Europe/Berlin
    open a
    told a 1.1 ben
    after 9m
    told nobody
    ack a by ben
    after 50m
    note a by ben
    after 59m
    told nobody
    after 1m
    told a 2.1 ben
    after 10m
    told a 2.2 boss
    snooze a 3h by boss
    after 179m
    told nobody
    after 1m
    told a 3.1 ben
    ack a by ben
    resolve a by ben
    after 5h
    told nobody
  `);
});

test('many incidents side by side keep each their own steps', async () => {
  here = await world(weeks('Europe/Berlin'));
  await play(`
    at 2026-03-10T02:00 Europe/Berlin
    open a
    after 4m
    open b
    told a 1.1 ben, b 1.1 ben
    after 6m
    told a 1.2 boss
    ack b by ben
    after 4m
    told nobody
    after 6m
    told a 1.3 boss!
    after 50m
    told b 2.1 ben
  `);
});
