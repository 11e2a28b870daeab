/** What changes between two plans, in lines a person can review: one for each value that is new, gone or other. */
import type { Plan } from './plan.js';
import { formatDuration } from './time.js';

export interface PlanChange {
  readonly kind: 'added' | 'removed' | 'changed';
  /** `escalation_policies.page.steps[0].wait` */
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

export function diffPlans(before: Plan, after: Plan): PlanChange[] {
  return diff('', before, after);
}

/** `+`, `-` or `~`, the path, and the values; secrets are never shown. */
export function formatChange({ kind, path, before, after }: PlanChange): string {
  if (kind === 'added') return `+ ${path}: ${shown(path, after)}`;
  if (kind === 'removed') return `- ${path}: ${shown(path, before)}`;
  return `~ ${path}: ${shown(path, before)} -> ${shown(path, after)}`;
}

function diff(path: string, before: unknown, after: unknown): PlanChange[] {
  if (Array.isArray(before) && Array.isArray(after)) return diffLists(path, before, after);
  if (isRecord(before) && isRecord(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      diff(path === '' ? key : `${path}.${key}`, before[key], after[key]),
    );
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (before === undefined) return [{ kind: 'added', path, after }];
  if (after === undefined) return [{ kind: 'removed', path, before }];
  return [{ kind: 'changed', path, before, after }];
}

/** Things that bear a name are compared by it, so that a new first contact does not change all others; the rest by place. */
function diffLists(path: string, before: readonly unknown[], after: readonly unknown[]): PlanChange[] {
  const named = [...before, ...after].every((one) => isRecord(one) && typeof one['name'] === 'string');
  const keyed = (list: readonly unknown[]) =>
    new Map(list.map((one, index) => [named && isRecord(one) ? String(one['name']) : String(index), one]));
  const [old, fresh] = [keyed(before), keyed(after)];
  return [...new Set([...old.keys(), ...fresh.keys()])].flatMap((key) =>
    diff(`${path}[${key}]`, old.get(key), fresh.get(key)),
  );
}

const durations = /(^|\.)(wait|acknowledge_within|update_every|every|within|after)$/;
const secret = /secret|routing_key|headers/;

function shown(path: string, value: unknown): string {
  if (secret.test(path)) return '[hidden]';
  if (typeof value === 'number' && durations.test(path) && value >= 1_000) return formatDuration(value);
  return JSON.stringify(value, (key, inner: unknown) => (secret.test(key) ? '[hidden]' : inner)) ?? 'nothing';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
