import fc from 'fast-check';
import { beginEscalation, failover, nextStep, tell, type Escalation } from './escalation.js';
import type { PagedIncident } from './match.js';
import { email } from './paging.fixture.js';
import { planSchema, type Plan } from './plan.js';

const now = Date.parse('2026-03-02T08:00:00Z');
const minute = 60_000;
const incident: PagedIncident = { id: 'i', number: 1, title: 't', severity: 'SEV1', key: {}, openedAt: now };

const people = ['ann', 'ben', 'cat'] as const;
const step = fc.record({
  tell: fc.array(
    fc.constantFrom<object>(
      ...people.map((responder) => ({ responder })),
      { schedule: 'nobody' },
      { schedule: 'days' },
    ),
    { minLength: 1, maxLength: 3 },
  ),
  wait: fc.constantFrom(undefined, '10s', '1m', '7m', '2h'),
});
const planOf = fc
  .record({
    steps: fc.array(step, { minLength: 1, maxLength: 6 }),
    repeat: fc.nat(4),
    fallback: fc.constantFrom(undefined, 'ann'),
  })
  .map(({ steps, repeat, fallback }): Plan =>
    planSchema.parse({
      ...(fallback && { fallback }),
      responders: Object.fromEntries(people.map((name) => [name, { contacts: [email(name)] }])),
      schedules: {
        nobody: { zone: 'UTC', layers: [{ starts: '2030-01-07', responders: ['ann'] }] },
        days: {
          zone: 'UTC',
          layers: [
            {
              rotation: 'daily',
              handoff: { at: '00:00' },
              starts: '2026-01-01',
              responders: ['ben'],
              restrict: [{ from: '09:00', to: '17:00' }],
            },
          ],
        },
      },
      escalation_policies: {
        page: { steps: steps.map(({ wait, ...rest }) => ({ ...rest, ...(wait && { wait }) })), repeat },
      },
      severities: { SEV1: { policy: 'page', update_every: '1h' } },
    }),
  );

function applied(escalation: Escalation, next: NonNullable<ReturnType<typeof nextStep>>): Escalation {
  const { dueAt: _, ...rest } = escalation;
  return {
    ...rest,
    round: next.round,
    step: next.step,
    state: next.state,
    ...(next.dueAt !== undefined && { dueAt: next.dueAt }),
  };
}

test('whatever the plan, an unanswered incident climbs step by step and ends exhausted, and says so', () => {
  fc.assert(
    fc.property(planOf, (plan) => {
      let escalation = beginEscalation(incident, plan, now);
      const most =
        (plan.escalation_policies['page']?.steps.length ?? 0) * ((plan.escalation_policies['page']?.repeat ?? 0) + 1);
      let steps = 0;
      for (let at = now; escalation?.dueAt !== undefined; at = escalation.dueAt ?? at) {
        const next = nextStep(escalation, plan, at);
        if (!next) throw new Error('due, and nothing came of it');
        expect(next.step).toBeGreaterThan(escalation.step);
        expect(next.kind === 'exhausted' || next.notices.length > 0).toBe(true);
        escalation = applied(escalation, next);
        expect(++steps).toBeLessThanOrEqual(most + 1);
      }
      expect(escalation?.state).toBe('exhausted');
    }),
  );
});

test('nothing is due before its time, and deciding twice decides the same', () => {
  fc.assert(
    fc.property(planOf, fc.integer({ min: 1, max: 10_000_000 }), (plan, early) => {
      const escalation = beginEscalation(incident, plan, now);
      if (!escalation) throw new Error('no escalation');
      expect(nextStep(escalation, plan, now - early)).toBeUndefined();
      expect(nextStep(escalation, plan, now)).toEqual(nextStep(escalation, plan, now));
    }),
  );
});

const personal = planSchema.parse({
  responders: {
    ann: {
      zone: 'Europe/Berlin',
      contacts: [
        { name: 'old', channel: 'email', address: 'old@example.com', verified: false },
        email('ann'),
        { name: 'phone', channel: 'webhook', url: 'https://push.example/ann', secrets: ['sixteen letters and more'] },
      ],
      rules: [
        { severities: ['SEV1'], tell: ['phone', { contact: 'email', after: '2m' }] },
        { hours: [{ from: '22:00', to: '07:00' }], tell: [] },
        { severities: ['SEV3'], tell: ['old'] },
      ],
    },
  },
});
const told = (severity: 'SEV1' | 'SEV2' | 'SEV3', at: string) =>
  tell([{ responder: 'ann' }], personal, severity, Date.parse(at)).notices.map(
    ({ contact, at: due }) => `${contact} +${(due - Date.parse(at)) / minute}`,
  );

test("a responder's rules choose the methods by severity and hour, and unverified ones stand back", () => {
  expect(told('SEV1', '2026-03-02T23:00:00Z')).toEqual(['phone +0', 'email +2']);
  expect(told('SEV2', '2026-03-02T12:00:00Z')).toEqual(['email +0']);
  expect(told('SEV2', '2026-03-02T21:30:00Z')).toEqual([]);
  expect(told('SEV3', '2026-03-02T12:00:00Z')).toEqual(['email +0']);
});

test('what stands in is the next method not tried yet, and nothing once all were', () => {
  expect(failover(personal, 'ann', ['email'])?.name).toBe('phone');
  expect(failover(personal, 'ann', ['email', 'phone'])).toBeUndefined();
});

test('news over an hour old pages once', () => {
  const plan = planSchema.parse({
    responders: { ann: { contacts: [email('ann')] } },
    escalation_policies: { page: { steps: [{ tell: [{ responder: 'ann' }] }], repeat: 5 } },
    severities: { SEV1: { policy: 'page' } },
  });
  const late = beginEscalation({ ...incident, eventAt: now - 61 * minute }, plan, now);
  expect(late && nextStep(late, plan, now)).toMatchObject({
    kind: 'tell',
    state: 'told',
    notices: [{ responder: 'ann' }],
  });
  const fresh = beginEscalation({ ...incident, eventAt: now - 60 * minute }, plan, now);
  expect(fresh && nextStep(fresh, plan, now)).toMatchObject({ state: 'paging' });
});

test('red-team traffic pages nobody unless the plan says so', () => {
  const base = {
    responders: { ann: { contacts: [email('ann')] } },
    escalation_policies: { page: { steps: [{ tell: [{ responder: 'ann' }] }] } },
    severities: { SEV1: { policy: 'page' } },
  };
  const trial = { ...incident, purpose: 'red_team' };
  expect(beginEscalation(trial, planSchema.parse(base), now)).toBeUndefined();
  expect(beginEscalation(trial, planSchema.parse({ ...base, non_production: 'page' }), now)).toBeDefined();
});
