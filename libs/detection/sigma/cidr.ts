/** Addresses and networks, IPv4 and IPv6, as numbers. */

export interface Network {
  readonly version: 4 | 6;
  readonly address: bigint;
  readonly bits: number;
}

/** `10.0.0.0/8`, `fe80::/10`, or one address. */
export function parseCidr(text: string): Network | undefined {
  const [host, length, more] = text.trim().split('/');
  const address = parseAddress(host ?? '');
  if (!address || more !== undefined) return undefined;
  const width = address.version === 4 ? 32 : 128;
  const bits = length === undefined ? width : /^\d{1,3}$/.test(length) ? Number(length) : NaN;
  if (!(bits <= width)) return undefined;
  return { version: address.version, address: address.value, bits };
}

export function inNetwork(network: Network, text: string): boolean {
  const address = parseAddress(text);
  if (address?.version !== network.version) return false;
  const shift = BigInt((network.version === 4 ? 32 : 128) - network.bits);
  return address.value >> shift === network.address >> shift;
}

export function parseAddress(text: string): { version: 4 | 6; value: bigint } | undefined {
  if (text.includes(':')) {
    const value = parseSix(text.replace(/%.*$/s, ''));
    return value === undefined ? undefined : { version: 6, value };
  }
  const value = parseFour(text);
  return value === undefined ? undefined : { version: 4, value };
}

function parseFour(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return undefined;
  return parts.reduce((value, part) => value * 256n + BigInt(part), 0n);
}

function parseSix(text: string): bigint | undefined {
  if (text.length > 45) return undefined;
  let whole = text;
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (tail) {
    const four = parseFour(tail[2]!);
    if (four === undefined) return undefined;
    whole = `${tail[1]}${(four >> 16n).toString(16)}:${(four & 0xffffn).toString(16)}`;
  }
  const halves = whole.split('::');
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - groups.flat().length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = halves.length === 2 ? [...groups[0]!, ...Array<string>(missing).fill('0'), ...groups[1]!] : groups[0]!;
  if (!all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return all.reduce((value, group) => value * 65536n + BigInt(`0x${group}`), 0n);
}
