import { jest } from '@jest/globals';
import { Access } from '../../libs/access/index.js';
import { Incidents } from '../../libs/incidents/index.js';
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { forgetOld } from './retention.js';

jest.setTimeout(120_000);

let db: TestDatabase;
const incidents = new Incidents();
beforeEach(async () => {
  db = await testDatabase();
  await db.clock.set('2026-03-02T08:00:00Z');
});
afterEach(() => db.drop());

async function incidentWithAll(name: string): Promise<string> {
  return db.database.transaction(async (tx) => {
    const { incident } = await incidents.openOther(tx, {
      kind: 'operation',
      dedupKey: name,
      title: name,
      severity: 'SEV1',
      actor: { who: 'test' },
    });
    const { id } = incident;
    await tx.query(
      `insert into tocsin.evidence (incident, event_source, event_id, state, topic, partition, record_offset, output, at)
       values ($1, 's', 'e', 'kept', 't', 0, 1, 'text', $2)`,
      [id, tx.now],
    );
    await tx.query(
      `insert into tocsin.finding (id, incident, detector, detector_version, title, label, score, level, matched, spans, at,
                                   recorded_at, key_hash, shadow, review_only)
       values ($1, $1, 'd', '1', 't', 'l', 1, 'high', 'm', '[]', $2, $2, $1, false, false)`,
      [id, tx.now],
    );
    await tx.query(`insert into tocsin.review (finding, reviewer, label, at) values ($1, 'ann', 'true', $2)`, [
      id,
      tx.now,
    ]);
    await tx.query(
      `insert into tocsin.escalation (incident, about, severity, plan, policy, state, due_at, opened_at)
       values ($1, '{}', 1, 'p', 'page', 'paging', $2, $2)`,
      [id, tx.now],
    );
    for (const [key, of] of [
      [id, id],
      [`bundle of ${id}`, null],
    ]) {
      await tx.query(
        `insert into tocsin.notification (id, kind, incident, round, step, responder, contact, channel, lane, plan, severity,
                                          state, due_at, created_at, sent_at)
         values ($1, case when $2::text is null then 'bundle' else 'page' end, $2, 1, 1, 'ann', 'email', 'email', 'mail', 'p', 1,
                 'sent', $3, $3, $3)`,
        [key, of, tx.now],
      );
      await tx.query(
        `insert into tocsin.delivery_attempt (notification, attempt, at, outcome, ms) values ($1, 1, $2, 'sent', 5)`,
        [key, tx.now],
      );
    }
    await tx.query(`insert into tocsin.reporter (account, first_at, last_at) values ($1, $2, $2)`, [name, tx.now]);
    await tx.query(`insert into tocsin.tally values ($1, 'm', 's', '', 'outputs', '', $2, 0, 1)`, [tx.now, name]);
    await tx.query(`insert into tocsin.score_count values ($1::timestamptz::date, 'm', '1', 's', 'd', 5, $2, 0, 1)`, [
      tx.now,
      name,
    ]);
    return id;
  });
}

async function resolve(id: string): Promise<void> {
  await db.database.transaction(async (tx) => {
    await incidents.resolve(tx, id, 'mitigated', { who: 'ann' });
    await tx.query(
      `update tocsin.escalation set state = 'resolved', due_at = null, ended_at = $2 where incident = $1`,
      [id, tx.now],
    );
  });
}

const tables = [
  'evidence',
  'finding',
  'review',
  'escalation',
  'notification',
  'delivery_attempt',
  'reporter',
  'tally',
  'score_count',
  'console_session',
  'incident',
];

async function counts(): Promise<Record<string, number>> {
  const [row] = await db.database.query<Record<string, number>>(
    `select ${tables.map((table) => `(select count(*)::int from tocsin.${table}) as ${table}`).join(', ')}`,
  );
  return row!;
}

const forget = (limit?: number) => db.database.transaction((tx) => forgetOld(tx, limit));

test('each thing goes once its time is over and no sooner, and what belongs to an open incident stays', async () => {
  const over = await incidentWithAll('over');
  await incidentWithAll('still open');
  await new Access(db.database).openSession('ann');
  await resolve(over);
  const all = await counts();
  await db.clock.advance('1 minute');
  expect(await forget()).toBe(0);
  expect(await counts()).toEqual(all);

  await db.clock.set('2026-06-02T08:00:00Z');
  await db.database.query(
    `update tocsin.console_session set created_at = now() - interval '2 days', expires_at = now() - interval '1 day'`,
  );
  await forget();
  expect(await counts()).toEqual({ ...all, evidence: 1, score_count: 0, console_session: 0 });

  await db.clock.set('2027-04-05T08:00:00Z');
  expect(await forget()).toBe(0);
  await db.clock.set('2027-04-07T08:00:00Z');
  await forget();
  expect(await counts()).toEqual({
    evidence: 1,
    finding: 1,
    review: 1,
    escalation: 1,
    notification: 1,
    delivery_attempt: 1,
    reporter: 0,
    tally: 0,
    score_count: 0,
    console_session: 0,
    incident: 2,
  });
  // Whatever the size of a batch, all that is due goes in one run.
  await resolve(
    (await db.database.query<{ id: string }>(`select id from tocsin.incident where status = 'open'`))[0]!.id,
  );
  await db.clock.advance('401 days');
  await forget(1);
  expect(await counts()).toMatchObject({
    evidence: 0,
    finding: 0,
    review: 0,
    escalation: 0,
    notification: 0,
    incident: 2,
  });
});
