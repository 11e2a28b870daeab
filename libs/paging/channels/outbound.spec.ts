import { isPrivateAddress, Outbound, retryAfter } from './outbound.client.js';

test('addresses of the inside are told from those of the outside', () => {
  const inside = [
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    '::ffff:10.0.0.1',
    '64:ff9b::a00:1',
  ];
  const outside = ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111'];
  expect(inside.filter((one) => !isPrivateAddress(one))).toEqual([]);
  expect(outside.filter(isPrivateAddress)).toEqual([]);
});

test('a literal private address and a bad one are refused without a connection', async () => {
  const outbound = new Outbound();
  const send = (url: string) =>
    outbound.send({ method: 'POST', url, headers: {}, body: '' }, AbortSignal.timeout(5_000));
  expect(await send('http://169.254.169.254/latest')).toEqual({ outcome: 'refused', reason: 'private_address' });
  expect(await send('http://[::ffff:127.0.0.1]/')).toEqual({ outcome: 'refused', reason: 'private_address' });
  expect(await send('http://0x7f.1/')).toEqual({ outcome: 'refused', reason: 'private_address' });
  expect(await send('nowhere')).toEqual({ outcome: 'refused', reason: 'bad_url' });
  await outbound.close();
});

test('Retry-After is read as seconds or as a date', () => {
  const now = Date.parse('2026-03-02T08:00:00Z');
  expect(retryAfter('120', now)).toBe(120_000);
  expect(retryAfter('Mon, 02 Mar 2026 08:01:00 GMT', now)).toBe(60_000);
  expect(retryAfter('soon', now)).toBeUndefined();
  expect(retryAfter(undefined, now)).toBeUndefined();
});
