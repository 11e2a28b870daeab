/**
 * Which addresses may be called? A name is resolved once and the connection goes to the address that was judged:
 * private, loopback and link-local ones are refused unless the operator lists them, so that a configuration cannot be
 * made to knock on the inside.
 */
import { lookup as resolve } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

const privateRanges = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  privateRanges.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  privateRanges.addSubnet(network, prefix, 'ipv6');

export function isPrivateAddress(address: string): boolean {
  return privateRanges.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** The error code of a name that has only private addresses. */
export const refusedAddress = 'ETOCSINPRIVATE';

/** A `lookup` that answers public addresses alone. */
export const publicOnly: LookupFunction = (host, options, callback) => {
  resolve(host, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '');
    const open = addresses.filter(({ address }) => !isPrivateAddress(address));
    const first = open[0];
    if (!first) return callback(Object.assign(new Error(`${host} is a private address`), { code: refusedAddress }), '');
    if (options.all) return callback(null, open);
    callback(null, first.address, first.family);
  });
};

/** Hosts or host:port that may be private. */
export class AllowList {
  private readonly names: ReadonlySet<string>;

  constructor(allow: readonly string[] = []) {
    this.names = new Set(allow.map((one) => one.toLowerCase()));
  }

  has(url: URL): boolean {
    const host = url.hostname.toLowerCase();
    return this.names.has(host) || this.names.has(`${host}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`);
  }

  /** True for a literal private address that is not listed; a name is judged when it is resolved (`publicOnly`). */
  refuses(url: URL): boolean {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    return !this.has(url) && isIP(host) !== 0 && isPrivateAddress(host);
  }
}

/** Milliseconds of a Retry-After header: seconds, or an HTTP date. */
export function retryAfter(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
