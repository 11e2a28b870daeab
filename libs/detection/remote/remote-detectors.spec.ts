/** Outside services that misbehave: each is a real HTTP server, and whatever it does, the answer is never "clean". */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { httpReceiver, type HttpReceiver } from '../../../test/harness/http-receiver.js';
import { until } from '../../../test/harness/until.js';
import { aCheck, aPolicy, asking } from './remote.fixture.js';
import type { RemoteLimits } from './remote-detector.client.js';
import { RemoteDetectors } from './remote-detectors.client.js';

const clean = JSON.stringify({ results: [{ flagged: false, categories: {}, category_scores: {} }] });
const isClean = { outcome: 'answered', spoken: [{ label: 'clean', score: 0 }] };
/** Quick to retry; deadlines are long unless a test waits for one. */
const limits: Partial<RemoteLimits> = { callMs: 30_000, deadlineMs: 60_000, firstDelayMs: 10, breakAfter: 100 };

const servers: HttpReceiver[] = [];
const clients: RemoteDetectors[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const server of servers.splice(0)) await server.close();
});

type Reply = (response: ServerResponse, count: number) => void;

async function serving(reply: Reply): Promise<HttpReceiver> {
  const server = await httpReceiver((_, response) => reply(response, server.received.length));
  servers.push(server);
  return server;
}

function remote(over: Partial<RemoteLimits> = {}, allow: readonly string[] = []): RemoteDetectors {
  const client = new RemoteDetectors(allow, { ...limits, ...over });
  clients.push(client);
  return client;
}

const well: Reply = (response) => void response.end(clean);
const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): Reply =>
  (response) =>
    void response.writeHead(code, headers).end();
const number = (i: number) => aCheck({ id: `c-${i}`, content: `Text number ${i}.` });

test('a service that answers is believed, and asked the same thing once', async () => {
  const server = await serving(well);
  const client = remote();
  const policy = asking('moderation', server.url);
  expect(await client.ask(aCheck(), policy)).toEqual(isClean);
  expect(await client.ask(aCheck({ id: 'another', account: 'other' }), policy)).toEqual(isClean);
  expect(server.received).toHaveLength(1);
  expect(JSON.parse(server.received[0]!.body)).toEqual({ input: aCheck().content });
});

test('an answer is asked for again when its time in the cache is over', async () => {
  const server = await serving(well);
  const client = remote({ cacheMs: { fact_check: 1, moderation: 1, identity: 1 } });
  await until('a second request', async () => {
    await client.ask(aCheck(), asking('moderation', server.url));
    return server.received.length >= 2;
  });
});

test('a service that hangs is unchecked at the deadline, also in the middle of its answer', async () => {
  const silent = await serving(() => undefined);
  const halfway = await serving((response) => void response.write('{"results":'));
  for (const { url } of [silent, halfway]) {
    const answer = await remote({ callMs: 300, attempts: 2 }).ask(aCheck(), asking('moderation', url));
    expect(answer).toEqual({ outcome: 'unchecked', reason: 'timeout', again: true });
  }
});

test('a 200 that comes after the deadline changes nothing: it is unchecked', async () => {
  const held: ServerResponse[] = [];
  const server = await serving((response) => void held.push(response));
  const client = remote({ callMs: 300, attempts: 1 });
  const answer = await client.ask(aCheck(), asking('moderation', server.url));
  for (const response of held) response.end(clean);
  expect(answer).toEqual({ outcome: 'unchecked', reason: 'timeout', again: true });
});

test('connections that are reset are tried three times, then it is unchecked', async () => {
  const server = await serving((response) => void response.socket?.resetAndDestroy());
  const answer = await remote().ask(aCheck(), asking('moderation', server.url));
  expect(answer).toEqual({ outcome: 'unchecked', reason: 'connection', again: true });
  expect(server.received).toHaveLength(3);
});

test('a 500 is tried again and the answer that follows counts', async () => {
  const server = await serving((response, count) => (count < 3 ? status(500) : well)(response, count));
  expect(await remote().ask(aCheck(), asking('moderation', server.url))).toEqual(isClean);
  const broken = await serving(status(503));
  const answer = await remote().ask(aCheck(), asking('moderation', broken.url));
  expect(answer).toEqual({ outcome: 'unchecked', reason: 'server_error', again: true });
});

test('Retry-After is kept: waited for when it is short, left to a later round when it is long', async () => {
  const short = await serving((response, count) =>
    (count < 2 ? status(429, { 'retry-after': '1' }) : well)(response, count),
  );
  expect(await remote().ask(aCheck(), asking('moderation', short.url))).toEqual(isClean);
  const [first, second] = short.received;
  expect(second!.at - first!.at).toBeGreaterThan(900);

  const long = await serving(status(429, { 'retry-after': '120' }));
  const answer = await remote().ask(aCheck(), asking('moderation', long.url));
  expect(answer).toEqual({ outcome: 'unchecked', reason: 'rate_limited', again: true, afterMs: 120_000 });
  expect(long.received).toHaveLength(1);
});

test('garbage, an answer without end, a refusal and a redirect are unchecked at once', async () => {
  const huge = Buffer.alloc(2_000_000, 32);
  const replies: [Reply, string][] = [
    [(response) => void response.end('<html>all is well</html>'), 'bad_answer'],
    [(response) => void response.end('{"flagged": false}'), 'bad_answer'],
    [(response) => void response.end(huge), 'too_large'],
    [status(401), 'refused'],
    [status(302, { location: 'http://127.0.0.1:1/' }), 'refused'],
  ];
  for (const [reply, reason] of replies) {
    const server = await serving(reply);
    const answer = await remote().ask(aCheck(), asking('moderation', server.url));
    expect(answer).toEqual({ outcome: 'unchecked', reason, again: false });
    expect(server.received).toHaveLength(1);
  }
});

test('a service that fails in a row is left alone, and asked again after a while', async () => {
  let ill = true;
  const server = await serving((response, count) => (ill ? status(500) : well)(response, count));
  const client = remote({ attempts: 1, breakAfter: 3, breakMs: 60_000 });
  const policy = asking('moderation', server.url);
  const reasons = [];
  for (let i = 0; i < 5; i++) reasons.push(await client.ask(number(i), policy));
  expect(reasons.map((answer) => answer.outcome === 'unchecked' && answer.reason)).toEqual([
    ...Array<string>(3).fill('server_error'),
    ...Array<string>(2).fill('breaker_open'),
  ]);
  expect(server.received).toHaveLength(3);

  const soon = remote({ attempts: 1, breakAfter: 1, breakMs: 100 });
  await soon.ask(aCheck(), policy);
  ill = false;
  await until('the service to be trusted again', async () => (await soon.ask(aCheck(), policy)).outcome === 'answered');
});

test('no more requests than allowed are under way, and none is lost in the queue', async () => {
  let flying = 0;
  let most = 0;
  const server = await serving((response) => {
    most = Math.max(most, ++flying);
    setTimeout(() => {
      flying--;
      response.end(clean);
    }, 20);
  });
  const client = remote({ concurrency: 2 });
  const policy = asking('moderation', server.url);
  const answers = await Promise.all(Array.from({ length: 9 }, (_, i) => client.ask(number(i), policy)));
  expect(answers).toEqual(answers.map(() => isClean));
  expect(most).toBeLessThanOrEqual(2);
  expect(server.received).toHaveLength(9);
});

test('a question that waits in the queue beyond its deadline is unchecked', async () => {
  const server = await serving(() => undefined);
  const client = remote({ concurrency: 1, attempts: 1, callMs: 600, deadlineMs: 300 });
  const policy = asking('moderation', server.url);
  const answers = await Promise.all([client.ask(number(1), policy), client.ask(number(2), policy)]);
  expect(answers.map(({ outcome }) => outcome)).toEqual(['unchecked', 'unchecked']);
  expect(server.received.length).toBeLessThanOrEqual(1);
});

test('what is over the daily budget is unchecked, and is not asked again', async () => {
  const server = await serving(well);
  const client = remote();
  const policy = aPolicy({ services: { moderation: { url: server.url, allowPrivate: true, perDay: 2 } } });
  // Should midnight fall into the test, a new budget begins: asked until it is used up.
  const over = await until('the end of the budget', async () => {
    for (let i = 0; i < 3; i++) {
      const answer = await client.ask(number(server.received.length), policy);
      if (answer.outcome === 'unchecked') return answer;
    }
    return false;
  });
  expect(over).toEqual({ outcome: 'unchecked', reason: 'budget', again: false });
  expect(server.received.length).toBeLessThanOrEqual(4);
});

test('private addresses are refused by number and by name, unless the operator lists them', async () => {
  const server = await serving(well);
  const { port } = new URL(server.url);
  const unlisted = (url: string) => aPolicy({ services: { moderation: { url, allowPrivate: false } } });
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '169.254.169.254', '0x7f.1'])
    expect(await remote().ask(aCheck(), unlisted(`http://${host}:${port}`))).toEqual({
      outcome: 'unchecked',
      reason: 'private_address',
      again: false,
    });
  expect(server.received).toEqual([]);
  const allowing = remote({}, [`127.0.0.1:${port}`]);
  expect(await allowing.ask(aCheck(), unlisted(server.url))).toEqual(isClean);
});

test('the key is read from its file when it is used; without it nothing is asked', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-key-'));
  try {
    const server = await serving(well);
    const keyFile = join(folder, 'key');
    const policy = aPolicy({ services: { moderation: { url: server.url, allowPrivate: true, keyFile } } });
    const client = remote({ attempts: 1 });
    expect(await client.ask(number(0), policy)).toMatchObject({ outcome: 'unchecked', reason: 'key_unreadable' });
    for (const key of ['first', 'second']) {
      writeFileSync(keyFile, `${key}\n`);
      expect(await client.ask(number(key.length), policy)).toEqual(isClean);
    }
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer first', 'Bearer second']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what the policy forbids by now is not sent, and what is gone is not asked without', async () => {
  const server = await serving(well);
  const client = remote();
  const policy = asking('moderation', server.url);
  const egress = (moderation: 'none' | 'sentence') => ({ ...policy, egress: { ...policy.egress, moderation } });
  const { content: _, ...bare } = aCheck();
  const reason = async (...given: Parameters<RemoteDetectors['ask']>) => {
    const answer = await client.ask(...given);
    return answer.outcome === 'unchecked' ? answer.reason : answer.outcome;
  };
  expect(await reason(aCheck(), aPolicy())).toBe('no_service');
  expect(await reason(aCheck(), undefined)).toBe('no_service');
  expect(await reason(aCheck(), egress('none'))).toBe('egress_none');
  expect(await reason(aCheck(), egress('sentence'))).toBe('egress_none');
  expect(await reason(bare, policy)).toBe('expired');
  expect(await reason({ ...bare, ephemeral: true }, policy)).toBe('not_kept');
  expect(server.received).toEqual([]);
});

test('an identity can be asked about without a word of the text', async () => {
  const server = await serving((response) => void response.end('{"verified": false}'));
  const { content: _, ...bare } = aCheck({ kind: 'identity', subject: 'northbank', ephemeral: true, form: 'sentence' });
  const answer = await remote().ask(bare, asking('identity', server.url));
  expect(answer).toMatchObject({ outcome: 'answered', spoken: [{ label: 'unverified_identity', score: 1 }] });
  expect(JSON.parse(server.received[0]!.body)).toEqual({ account: { id: 'acme' }, speaks_as: 'northbank' });
});
