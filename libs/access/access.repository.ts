/** Makes, lists, revokes and checks keys and sessions. */
import { randomBytes } from 'node:crypto';
import type { Database } from '../database/index.js';
import { hashSecret, newSecret } from './secret.js';

export type KeyKind = 'api' | 'routing';

export interface AccessKey {
  /** Shown in lists and timelines; tells nothing of the key. */
  readonly id: string;
  readonly kind: KeyKind;
  readonly name: string;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly revokedAt: Date | null;
  readonly usedAt: Date | null;
}

/** Who called, as timelines name them. */
export interface Caller {
  readonly who: string;
  readonly keyId?: string;
}

const sessionHours = 12;

export class Access {
  constructor(private readonly database: Database) {}

  /** Makes a key. The secret is answered once and kept nowhere: an api key `tk_...`, a routing key of 32 hex digits. */
  async createKey(kind: KeyKind, name: string, createdBy: string): Promise<AccessKey & { readonly secret: string }> {
    const secret = kind === 'api' ? `tk_${newSecret(false)}` : newSecret(true);
    const id = randomBytes(6).toString('hex');
    const [row] = await this.database.query<AccessKey>(insertKey, [id, kind, name, hashSecret(secret), createdBy]);
    return { ...row!, secret };
  }

  listKeys(): Promise<AccessKey[]> {
    return this.database.query<AccessKey>(selectKeys);
  }

  /** True where a key of that id was in force until now. */
  async revokeKey(id: string): Promise<boolean> {
    return (await this.database.query(revokeKey, [id])).length > 0;
  }

  /** Whose key this is, or undefined where it is unknown, revoked or of another kind. */
  async callerOf(secret: string, kind: KeyKind): Promise<Caller | undefined> {
    const [row] = await this.database.query<{ id: string; name: string }>(useKey, [hashSecret(secret), kind]);
    return row && { who: row.name, keyId: row.id };
  }

  /** Opens a session for the console and answers its token, for a cookie; it ends after 12 hours. */
  async openSession(who: string): Promise<{ readonly token: string; readonly maxAgeSeconds: number }> {
    const token = newSecret(false);
    await this.database.query(insertSession, [hashSecret(token), who, sessionHours]);
    return { token, maxAgeSeconds: sessionHours * 3600 };
  }

  async callerOfSession(token: string): Promise<Caller | undefined> {
    const [row] = await this.database.query<{ who: string }>(selectSession, [hashSecret(token)]);
    return row && { who: row.who };
  }

  async closeSession(token: string): Promise<void> {
    await this.database.query('delete from tocsin.console_session where hash = $1', [hashSecret(token)]);
  }
}

const columns = `id, kind, name, created_at as "createdAt", created_by as "createdBy",
       revoked_at as "revokedAt", used_at as "usedAt"`;

const insertKey = `
insert into tocsin.access_key (id, kind, name, hash, created_at, created_by)
values ($1, $2, $3, $4, now(), $5)
returning ${columns}`;

const selectKeys = `
select ${columns}
  from tocsin.access_key
 order by created_at, id`;

const revokeKey = `
update tocsin.access_key
   set revoked_at = now()
 where id = $1 and revoked_at is null
returning id`;

// The time of last use is written once a minute at most: a busy key must not turn reads into writes.
const useKey = `
with found as (
  select id, name, used_at
    from tocsin.access_key
   where hash = $1 and kind = $2 and revoked_at is null
), used as (
  update tocsin.access_key k
     set used_at = now()
    from found
   where k.id = found.id and (found.used_at is null or found.used_at < now() - interval '1 minute')
)
select id, name from found`;

const insertSession = `
insert into tocsin.console_session (hash, who, created_at, expires_at)
values ($1, $2, now(), now() + $3 * interval '1 hour')`;

const selectSession = `
select who
  from tocsin.console_session
 where hash = $1 and expires_at > now()`;
