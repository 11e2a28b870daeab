/** Small makers of findings, signals and outputs for tests: what is not said is ordinary. */
import type { OutputEvent } from '../events/index.js';
import { findingId, outputSubject, type Finding } from './finding.js';
import type { Correlation, Signal } from './window.js';

export const noon = Date.parse('2026-03-02T12:00:00Z');

export function aFinding(over: Partial<Finding> & { output?: string; account?: string } = {}): Finding {
  const { output = 'o-1', account = 'acme', ...rest } = over;
  const rule = rest.rule ?? 'rule-1';
  return {
    id: findingId(outputSubject('chat', `${account}/${output}`), rule, rest.matched ?? rule),
    event: { source: 'chat', id: output },
    detector: 'rules',
    detectorVersion: '1',
    rule,
    title: `Rule ${rule} matched`,
    label: 'matched',
    score: 1,
    level: 'high',
    matched: rule,
    spans: [],
    at: noon,
    subject: { account, model: 'm', stage: 's', purpose: 'production' },
    shadow: false,
    reviewOnly: false,
    ...rest,
  };
}

export function aSignal(over: Partial<Signal> & { account?: string } = {}): Signal {
  const { account = 'acme', ...rest } = over;
  return {
    correlation: 'three-in-an-hour',
    group: { account },
    rule: 'rule-1',
    eventId: outputSubject('chat', 'o-1'),
    at: noon,
    subject: { account },
    ...rest,
  };
}

export function aCorrelation(over: Partial<Correlation> & { threshold?: number } = {}): Correlation {
  const { threshold = 3, ...rest } = over;
  return {
    id: 'three-in-an-hour',
    title: 'Three in an hour',
    level: 'medium',
    shadow: false,
    timespan: 3_600_000,
    complete: (entries) => entries.length >= threshold,
    ...rest,
  };
}

export function anOutput(over: Partial<OutputEvent> = {}): OutputEvent {
  return {
    kind: 'output',
    source: 'chat',
    id: 'o-1',
    at: noon,
    day: '2026-03-02',
    origin: { topic: 'tocsin.outputs', partition: 0, offset: 0, index: 0 },
    ephemeral: false,
    mended: 0,
    model: 'm',
    stage: 's',
    account: { id: 'acme' },
    output: 'Good morning.',
    cut: false,
    toolCalls: [],
    safety: {},
    purpose: 'production',
    ...over,
  };
}
