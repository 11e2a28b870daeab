import { createHmac } from 'node:crypto';
import { Inbound } from './inbound.repository.js';
import { endWorlds, keys, world, type World } from './paging.fixture.js';
import { replyAddress } from './reply.js';
import { readSlackPress } from './slack-inlet.js';

const address = 'tocsin@example.com';

let here: World;
afterAll(endWorlds);
afterEach(() => here?.close());

test('a reply acknowledges, a later one resolves, and one to an earlier round does nothing', async () => {
  here = await world();
  const incident = await here.open();
  const inbound = new Inbound({ database: here.db.database, responding: here.responding, address, secretKeys: keys });
  const reply = async (text: string, place = -1) => {
    const row = (await here.states(incident.id)).at(place);
    const expires = (await here.db.database.now()).getTime() + 60_000;
    return inbound.mail({
      envelopeFrom: 'ann@example.com',
      to: [replyAddress(address, row?.id ?? '', expires, keys)],
      headers: new Map(),
      text,
    });
  };
  expect(await reply('what is this?')).toBe('ignored');
  expect(await reply('ack')).toBe('acknowledge');
  expect(await reply('ack')).toBe('already');
  expect(await here.timeline(incident.id)).toContain('acknowledged (by a reply to the page)');
  await here.responding.reassign(incident.id, ['ben'], { who: 'ann' });
  await here.drive();
  expect(await reply('ack', 0)).toBe('void');
  expect(await reply('resolve')).toBe('resolve');
  expect((await here.incidents.get(here.db.database, incident.id))?.resolvedBy).toBe('ann@example.com');
});

test("a button in Slack is believed by Slack's signature alone, and only while it is fresh", () => {
  const now = Date.parse('2026-03-02T08:00:00Z');
  const press = {
    type: 'block_actions',
    user: { id: 'U1', username: 'ann' },
    actions: [{ action_id: 'tocsin_acknowledge', value: 'a.token' }],
  };
  const body = `payload=${encodeURIComponent(JSON.stringify(press))}`;
  const timestamp = String(now / 1_000);
  const signature = `v0=${createHmac('sha256', 'shh').update(`v0:${timestamp}:${body}`).digest('hex')}`;
  const request = { timestamp, signature, body };
  expect(readSlackPress(request, ['other', 'shh'], now)).toEqual({
    outcome: 'acknowledge',
    token: 'a.token',
    who: 'ann',
  });
  expect(readSlackPress(request, ['other'], now)).toEqual({ outcome: 'forged' });
  expect(readSlackPress({ ...request, body: `${body}&x=1` }, ['shh'], now)).toEqual({ outcome: 'forged' });
  expect(readSlackPress(request, ['shh'], now + 6 * 60_000)).toEqual({ outcome: 'forged' });
});
