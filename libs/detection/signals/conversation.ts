/**
 * Misuse comes split into harmless-looking tasks: scores too weak for a finding are summed over an hour per
 * conversation, end user and organisation.
 */
import type { OutputEvent } from '../../events/index.js';
import { outputSubject, type Subject } from '../../incidents/index.js';
import type { Correlation, Signal, WindowEntry } from '../../incidents/index.js';

export const conversationTimespan = 60 * 60_000;
/** Scores below this are noise and are not summed. */
export const weakFrom = 0.25;

const groups = [
  { name: 'conversation', needed: 1.6, of: (event: OutputEvent) => event.conversation },
  { name: 'end_user', needed: 2.4, of: (event: OutputEvent) => event.account.endUser },
  { name: 'organization', needed: 8, of: (event: OutputEvent) => event.account.organization },
] as const;

export function conversationCorrelations(): Correlation[] {
  return groups.map(({ name, needed }) => ({
    id: `conversation.${name}`,
    title: `Weak signs of misuse add up in one ${name.replace('_', ' ')}`,
    level: 'medium' as const,
    shadow: false,
    reviewOnly: name === 'organization',
    detector: 'conversation',
    label: 'accumulated',
    timespan: conversationTimespan,
    complete: (entries: readonly WindowEntry[]) => weakSum(entries) >= needed,
  }));
}

/** At least three events, and each counts once by its strongest sign. */
export function weakSum(entries: readonly WindowEntry[]): number {
  const strongest = new Map<string, number>();
  for (const { eventId, value } of entries) {
    strongest.set(eventId, Math.max(strongest.get(eventId) ?? 0, Number(value ?? 0)));
  }
  if (strongest.size < 3) return 0;
  let sum = 0;
  for (const value of strongest.values()) sum += value;
  return sum;
}

/** Signals of an event whose strongest sign is `score` by `detector`. */
export function conversationSignals(event: OutputEvent, detector: string, score: number, subject: Subject): Signal[] {
  if (score < weakFrom) return [];
  return groups.flatMap(({ name, of }): Signal[] => {
    const value = of(event);
    if (value === undefined) return [];
    return [
      {
        correlation: `conversation.${name}`,
        group: { [name]: value },
        rule: detector,
        eventId: outputSubject(event.source, event.id),
        at: event.at,
        value: score.toFixed(4),
        subject,
      },
    ];
  });
}
