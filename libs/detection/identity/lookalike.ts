/**
 * Does a domain, address or handle pass itself off as a protected one? Compared with every protected name through an
 * index of deletions, so the cost does not grow with the number of identities.
 */
import { parse } from 'tldts';
import { toUnicode } from 'tr46';
import { skeleton } from '../text/fold.js';
import type { Background } from '../text/background.js';
import { words } from '../text/terms.js';
import type { Identity } from './identities.js';

export interface Likeness {
  readonly identity: Identity;
  /** The protected domain or handle. */
  readonly brand: string;
  /** 0 to 1. */
  readonly score: number;
  readonly technique: string;
}

interface Brand {
  readonly identity: Identity;
  readonly domain: string;
  /** Without the public suffix. */
  readonly name: string;
  readonly suffix: string;
  readonly skeleton: string;
  /** The name is a word of ordinary language: it stands in many honest names. */
  readonly ordinary: boolean;
}

/** Words that a deceiver sets beside a brand; a short brand counts only beside one of these. */
const lures = new Set(
  (
    'account accounts admin alert app apps auth bank banking billing care center cert claim client cloud confirm contact ' +
    'customer delivery desk direct download email help helpdesk home id info invoice login logon mail manage member ' +
    'mobile my net notice office official online pay payment portal post promo protect recover recovery refund register ' +
    'reset reward safe secure security server service services shop sign signin site sso status store support survey ' +
    'team tech ticket token track tracking update upgrade user validate verification verify wallet web webmail'
  ).split(' '),
);

export class Lookalikes {
  private readonly brands: Brand[] = [];
  private readonly genuine = new Set<string>();
  /** Name, or the name with one character deleted, to brands. */
  private readonly near = new Map<string, Brand[]>();
  private readonly byName = new Map<string, Brand[]>();
  /** The same over skeletons of seven and more letters. */
  private readonly nearSkeleton = new Map<string, Brand[]>();
  private readonly bySkeleton = new Map<string, Brand[]>();
  private readonly handles = new Map<string, { identity: Identity; handle: string }>();
  private readonly ownHandles = new Set<string>();

  constructor(identities: readonly Identity[], background: Background) {
    for (const identity of identities) {
      for (const domain of identity.domains) {
        const parts = parse(domain);
        const name = parts.domainWithoutSuffix ?? domain.split('.')[0] ?? domain;
        // A public suffix may itself be protected, as gov.uk is.
        const suffix = parts.domain ? (parts.publicSuffix ?? '') : domain.slice(domain.indexOf('.') + 1);
        const brand = {
          identity,
          domain,
          name,
          suffix,
          skeleton: skeleton(name),
          ordinary: isOrdinary(name, background),
        };
        this.brands.push(brand);
        this.genuine.add(domain);
        put(this.bySkeleton, brand.skeleton, brand);
        put(this.byName, name, brand);
        for (const key of [name, ...deletions(name)]) put(this.near, key, brand);
        if (brand.skeleton.length >= 7) {
          for (const key of [brand.skeleton, ...deletions(brand.skeleton)]) put(this.nearSkeleton, key, brand);
        }
      }
      for (const handle of identity.handles) {
        const plain = handle.replace(/^@/, '').toLowerCase();
        this.ownHandles.add(plain);
        this.handles.set(skeleton(plain).replace(/[_.-]/g, ''), { identity, handle: plain });
      }
    }
  }

  get none(): boolean {
    return this.brands.length === 0 && this.handles.size === 0;
  }

  /** The best likeness of a domain name, or undefined where it is genuine or like none. */
  domain(raw: string): Likeness | undefined {
    const host = raw.trim().toLowerCase().replace(/\.$/, '');
    const unicode = host.includes('xn--') ? toUnicode(host).domain : host;
    const parts = parse(unicode, { allowPrivateDomains: false });
    const registered = parts.domain ?? unicode;
    if (this.genuine.has(registered) || this.genuine.has(unicode)) return undefined;
    for (let at = unicode.indexOf('.'); at >= 0; at = unicode.indexOf('.', at + 1)) {
      if (this.genuine.has(unicode.slice(at + 1))) return undefined;
    }
    const name = parts.domainWithoutSuffix ?? unicode.split('.')[0] ?? unicode;
    const found: Likeness[] = [];
    this.compare(name, parts.publicSuffix ?? '', found);
    this.tricks(parts.subdomain ?? '', name, found);
    return found.sort((x, y) => y.score - x.score || (x.brand < y.brand ? -1 : 1))[0];
  }

  /** An e-mail address is as like as its domain. */
  address(raw: string): Likeness | undefined {
    return this.domain(raw.slice(raw.lastIndexOf('@') + 1));
  }

  handle(raw: string): Likeness | undefined {
    const plain = raw.replace(/^@/, '').toLowerCase();
    if (this.ownHandles.has(plain)) return undefined;
    const like = this.handles.get(skeleton(plain).replace(/[_.-]/g, ''));
    if (!like || plain.length < 4) return undefined;
    return { identity: like.identity, brand: `@${like.handle}`, score: 0.9, technique: 'handle that looks the same' };
  }

  /** Likenesses in a text, strongest first, each with its place. */
  inText(text: string): (Likeness & { readonly place: Place })[] {
    if (!mayHoldPlaces(text)) return [];
    return placesIn(text)
      .flatMap((place) => {
        const like =
          place.kind === 'handle'
            ? this.handle(place.text)
            : place.kind === 'address'
              ? this.address(place.text)
              : this.domain(place.text);
        return like ? [{ ...like, place }] : [];
      })
      .sort((x, y) => y.score - x.score || x.place.start - y.place.start);
  }

  private compare(name: string, suffix: string, found: Likeness[]): void {
    const add = (brand: Brand, score: number, technique: string) => {
      found.push({ identity: brand.identity, brand: brand.domain, score, technique });
    };
    for (const brand of this.bySkeleton.get(skeleton(name)) ?? []) {
      if (brand.name === name) {
        if (brand.suffix !== suffix)
          add(brand, isCountry(suffix) || brand.ordinary ? 0.45 : name.length >= 5 ? 0.8 : 0.55, 'other suffix');
      } else add(brand, 0.97, 'looks the same');
    }
    const plain = name.replace(/-/g, '');
    if (plain !== name) {
      for (const brand of this.near.get(plain) ?? []) if (brand.name === plain) add(brand, 0.95, 'hyphen added');
    }
    const seen = new Set<Brand>();
    for (const key of [name, ...deletions(name)]) {
      for (const brand of this.near.get(key) ?? []) {
        if (seen.has(brand) || brand.name === name) continue;
        seen.add(brand);
        const technique = oneEdit(name, brand.name);
        if (!technique) continue;
        const same = brand.suffix === suffix;
        const length = brand.name.length;
        const score =
          length >= 6
            ? 0.93
            : length === 5
              ? same
                ? 0.85
                : 0.55
              : length === 4
                ? same
                  ? 0.7
                  : 0.4
                : same
                  ? 0.52
                  : 0.3;
        add(brand, score, technique);
      }
    }
    this.disguised(name, found);
    this.extended(name, add);
  }

  /** Words beside the brand: each part between hyphens, and each piece of the name that is a brand. */
  private extended(name: string, add: (brand: Brand, score: number, technique: string) => void): void {
    const tokens = name.split('-');
    if (tokens.length > 1) {
      const lure = tokens.some((token) => lures.has(token));
      for (const token of tokens) {
        for (const brand of this.bySkeleton.get(skeleton(token)) ?? []) {
          const sure = lure || (!brand.ordinary && brand.name.length >= 4);
          add(brand, sure ? 0.9 : brand.ordinary ? 0.45 : 0.55, 'word added');
        }
      }
    }
    for (let from = 0; from < name.length - 2; from++) {
      for (let to = from + 3; to <= name.length && to - from < name.length; to++) {
        for (const brand of this.byName.get(name.slice(from, to)) ?? []) {
          const rest = (name.slice(0, from) + name.slice(to)).replace(/-/g, '');
          const edge = from === 0 || to === name.length;
          const suffix = rest === brand.suffix.replaceAll('.', '');
          if (edge && (lures.has(rest) || suffix)) add(brand, brand.name.length >= 4 ? 0.9 : 0.75, 'word added');
          else if (brand.ordinary) add(brand, 0.45, 'word added');
          else if (edge && brand.name.length >= 6) add(brand, 0.8, 'word added');
          else if (brand.name.length >= 7) add(brand, 0.75, 'word added');
        }
      }
    }
  }

  /** Letters of other scripts that no table knows stand for any letter; a skeleton one edit away is near too. */
  private disguised(name: string, found: Likeness[]): void {
    const bare = skeleton(name);
    const technique = 'looks nearly the same';
    if (/[^a-z0-9.-]/.test(bare)) {
      for (const brand of this.brands) {
        if (brand.skeleton.length < 5) continue;
        const most = brand.skeleton.length >= 8 ? 2 : 1;
        if (foreignDistance(bare, brand.skeleton) > most) continue;
        found.push({ identity: brand.identity, brand: brand.domain, score: 0.95, technique });
      }
      return;
    }
    for (const key of [bare, ...deletions(bare)]) {
      for (const brand of this.nearSkeleton.get(key) ?? []) {
        if (brand.name === name || !oneEdit(bare, brand.skeleton)) continue;
        found.push({ identity: brand.identity, brand: brand.domain, score: 0.85, technique });
      }
    }
  }

  private tricks(subdomain: string, name: string, found: Likeness[]): void {
    if (subdomain === '') return;
    const labels = subdomain.split('.').map((label) => ({ label, like: skeleton(label) }));
    const joined = (subdomain + name).replace(/[.-]/g, '');
    for (const brand of this.brands) {
      const told = labels.some(({ label, like }) => label === brand.name || like === brand.skeleton);
      const dotted = `.${subdomain}.`.includes(`.${brand.domain}.`);
      if (dotted) found.push({ identity: brand.identity, brand: brand.domain, score: 0.98, technique: 'subdomain' });
      else if (told && brand.name.length >= 4) {
        found.push({ identity: brand.identity, brand: brand.domain, score: 0.8, technique: 'subdomain' });
      } else if (joined === brand.name && brand.name.length >= 3) {
        found.push({ identity: brand.identity, brand: brand.domain, score: 0.93, technique: 'dot inside the name' });
      }
    }
  }
}

const addressIn = /[\p{L}\p{N}._%+-]{1,64}@((?:[\p{L}\p{N}-]{1,63}\.)+\p{L}{2,24})/giu;
const handleIn = /(?<![\p{L}\p{N}._/@-])@([A-Za-z0-9_]{4,30})(?![A-Za-z0-9_@.])/gu;

export interface Place {
  readonly text: string;
  readonly kind: 'domain' | 'address' | 'handle';
  readonly start: number;
  readonly end: number;
}

/** A dot between two letters, or an @: ordinary prose has neither. */
function mayHoldPlaces(text: string): boolean {
  if (text.includes('@')) return true;
  for (let at = text.indexOf('.'); at >= 0; at = text.indexOf('.', at + 1)) {
    const next = text.charCodeAt(at + 1) | 32;
    if ((next >= 97 && next <= 122) || next >= 128) return true;
  }
  return false;
}

/** Hosts, addresses and handles of a text, at most 50 of each; code has many names with dots, so suffixes must be real. */
function placesIn(text: string): Place[] {
  const out: Place[] = [];
  for (let dot = text.indexOf('.'); dot >= 0 && out.length < 50; dot = text.indexOf('.', dot + 1)) {
    if (!isHostUnit(text.charCodeAt(dot - 1)) || !isHostUnit(text.charCodeAt(dot + 1))) continue;
    let start = dot;
    while (start > 0 && (isHostUnit(text.charCodeAt(start - 1)) || text[start - 1] === '.')) start--;
    let end = dot + 1;
    while (end < text.length && (isHostUnit(text.charCodeAt(end)) || text[end] === '.')) end++;
    while (text[end - 1] === '.' || text[end - 1] === '-') end--;
    const host = text.slice(start, end).replace(/^[.-]+/, '');
    dot = Math.max(dot, end - 1);
    // The part behind an @ is read as an address.
    if (text[start - 1] === '@' || text[end] === '@' || host.length > 253 || host.includes('..')) continue;
    if (!/\p{L}{2}$/u.test(host.slice(-2)) && !host.includes('xn--')) continue;
    if (!parse(host).isIcann) continue;
    out.push({ text: host, kind: 'domain', start: end - host.length, end });
  }
  if (text.includes('@')) {
    for (const found of [...text.matchAll(addressIn)].slice(0, 50)) {
      out.push({ text: found[0], kind: 'address', start: found.index, end: found.index + found[0].length });
    }
    for (const found of [...text.matchAll(handleIn)].slice(0, 50)) {
      out.push({ text: found[0], kind: 'handle', start: found.index, end: found.index + found[0].length });
    }
  }
  return out;
}

/** From this idf down a word was met in several ordinary texts. */
const ordinaryIdf = 8.4;

function isOrdinary(name: string, background: Background): boolean {
  let idf = 0;
  words(name, (hash) => (idf = background.idf(hash)));
  return idf <= ordinaryIdf;
}

/** Owners of a name hold it under countries too; those that anybody can have for nothing are the deceivers' choice. */
const cheapCountries = new Set(['tk', 'ml', 'ga', 'cf', 'gq', 'cc', 'ws', 'pw', 'su', 'to', 'icu']);

function isCountry(suffix: string): boolean {
  const last = suffix.slice(suffix.lastIndexOf('.') + 1);
  return last.length === 2 && !cheapCountries.has(last);
}

/** Letters, digits and hyphens; everything beyond ASCII may be a letter of a name. */
function isHostUnit(code: number): boolean {
  const lower = code | 32;
  return (
    (lower >= 97 && lower <= 122) ||
    (code >= 48 && code <= 57) ||
    code === 45 ||
    (code >= 0xc0 && code !== 0x3002 && !(code >= 0x2000 && code < 0x2c00))
  );
}

function put<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (!list) map.set(key, [value]);
  else if (!list.includes(value)) list.push(value);
}

function deletions(name: string): string[] {
  const out: string[] = [];
  for (let i = 0; i < name.length; i++) out.push(name.slice(0, i) + name.slice(i + 1));
  return out;
}

/** Edits between a name with foreign letters and a brand, where a foreign letter for any one letter is free. */
function foreignDistance(name: string, brand: string): number {
  const letters = Array.from(name);
  if (Math.abs(letters.length - brand.length) > 2) return Infinity;
  let plain = 0;
  for (const letter of letters) if (letter <= 'z') plain++;
  // Too little is left to recognise.
  if (plain < brand.length / 2) return Infinity;
  let row = Array.from({ length: brand.length + 1 }, (_, at) => at);
  for (const [i, letter] of letters.entries()) {
    const next = [i + 1];
    for (let j = 1; j <= brand.length; j++) {
      const same = letter === brand[j - 1] || letter > 'z';
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (same ? 0 : 1)));
    }
    row = next;
  }
  return row[brand.length]!;
}

/** The one edit that makes `name` of `brand`, or undefined where it takes more. */
function oneEdit(name: string, brand: string): string | undefined {
  let start = 0;
  while (start < name.length && start < brand.length && name[start] === brand[start]) start++;
  let end = 0;
  const most = Math.min(name.length, brand.length) - start;
  while (end < most && name[name.length - 1 - end] === brand[brand.length - 1 - end]) end++;
  const a = name.slice(start, name.length - end);
  const b = brand.slice(start, brand.length - end);
  if (a.length === 1 && b.length === 0) return 'letter added';
  if (a.length === 0 && b.length === 1) return 'letter left out';
  if (a.length === 1 && b.length === 1) return oneBit(a, b) ? 'one bit apart' : 'letter replaced';
  if (a.length === 2 && b.length === 2 && a[0] === b[1] && a[1] === b[0]) return 'letters swapped';
  return undefined;
}

function oneBit(a: string, b: string): boolean {
  const bits = a.charCodeAt(0) ^ b.charCodeAt(0);
  return bits !== 0 && (bits & (bits - 1)) === 0;
}
