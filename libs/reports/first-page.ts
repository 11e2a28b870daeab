/**
 * The first page says how often Tocsin was wrong, in both directions, and what it could not see at all: a report without
 * these reads as if silence meant safety.
 */
import { compared, countOf } from './counts.js';
import type { Facts } from './facts.js';
import type { FirstPage, Unseen } from './report.js';
import type { ReportPolicy } from './summarize.js';
import { inWords, momentIn, seconds } from './words.js';

/** Languages that the shipped models read; others have rules, aliases and lookalikes alone. */
const modelLanguages: readonly string[] = ['en'];
/** Shorter silences are ordinary: a fleet sleeps too. */
const silenceWorthSaying = 3_600;

export function firstPage(facts: Facts, policy: ReportPolicy): FirstPage {
  const missed = (tallies: Facts['period']['tallies']) => {
    const all = tallies.filter(({ measure }) => measure === 'control').reduce((sum, { count }) => sum + count, 0);
    const found = tallies
      .filter(({ measure }) => measure === 'control_found')
      .reduce((sum, { count }) => sum + count, 0);
    return Math.max(0, all - found);
  };
  return {
    falseAlarms: compared(facts, ({ closed }) =>
      closed.filter(({ resolution }) => resolution === 'false_positive').reduce((sum, { count }) => sum + count, 0),
    ),
    refutedFindings: facts.precision.reduce((sum, { refuted }) => sum + refuted, 0),
    appeals: compared(facts, ({ tallies }) => countOf(tallies, 'feedback', 'appeal')),
    reportedFirst: compared(facts, ({ opened }) =>
      opened.filter(({ detector }) => detector === 'feedback').reduce((sum, { count }) => sum + count, 0),
    ),
    missedControls: compared(facts, ({ tallies }) => missed(tallies)),
    confirmedInShadow: facts.confirmedInShadow,
    unseen: unseenOf(facts, policy),
  };
}

function unseenOf(facts: Facts, policy: ReportPolicy): Unseen[] {
  return [
    ...late(facts, policy.settings.timezone),
    ...unread(facts),
    ...unchecked(facts, policy),
    ...languages(facts),
    ...(policy.settings.outputIndexMs === undefined
      ? [
          {
            what: 'index_off' as const,
            text: 'The output index is off: duplicates count twice, and feedback is judged by what it says itself.',
          },
        ]
      : []),
    ...strangers(facts),
  ];
}

function late({ lag, delays, silence }: Facts, timezone: string): Unseen[] {
  const said: Unseen[] = [];
  if (lag !== undefined && lag > 0)
    said.push({ what: 'lag', text: `${inWords(lag, 'record')} waited in Kafka when this was made.` });
  if (delays.overFiveMinutes > 0)
    said.push({
      what: 'delay',
      text: `${inWords(delays.overFiveMinutes, 'finding')} of ${delays.findings} came over 5 minutes after the event, the latest after ${seconds(delays.longestSeconds)}.`,
    });
  if (silence && silence.seconds >= silenceWorthSaying)
    said.push({
      what: 'silence',
      text: `No output came for ${seconds(silence.seconds)} from ${momentIn(timezone, silence.from)} on.`,
    });
  return said;
}

function unread({ period, references }: Facts): Unseen[] {
  const said: Unseen[] = [];
  const letters = period.deadLetters.reduce((sum, { count }) => sum + count, 0);
  if (letters > 0)
    said.push({ what: 'dead_letters', text: `${inWords(letters, 'dead letter')}: could not be read or recorded.` });
  for (const state of ['unmatched', 'ambiguous', 'waiting'] as const) {
    const count = references.filter((row) => row.state === state).reduce((sum, row) => sum + row.count, 0);
    const why = {
      unmatched: 'never found its output',
      ambiguous: 'names several outputs',
      waiting: 'still waits for its output',
    }[state];
    if (count > 0)
      said.push({ what: 'unmatched', text: `${inWords(count, 'report or verdict', 'reports or verdicts')}: ${why}.` });
  }
  const cut = countOf(period.tallies, 'cut');
  if (cut > 0) said.push({ what: 'cut', text: `${inWords(cut, 'output')} judged on the first 64 KiB alone.` });
  return said;
}

/** Asked and not answered, and never asked because nothing is configured to answer. */
function unchecked({ period }: Facts, { policies }: ReportPolicy): Unseen[] {
  const said: Unseen[] = [];
  const byDetector = new Map<string, number>();
  for (const { measure, label, count } of period.tallies)
    if (measure === 'unchecked') byDetector.set(label, (byDetector.get(label) ?? 0) + count);
  for (const [detector, count] of [...byDetector].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    said.push({ what: 'unchecked', text: `${inWords(count, 'verdict')} of ${detector} came back unchecked.` });
  for (const { model, mitigation, services, sources } of policies) {
    if (mitigation.factCheck && !services.fact_check)
      said.push({
        what: 'unserved',
        text: `${model}: no fact-check service is configured, so every claim is unchecked there.`,
      });
    const verified = services.identity !== undefined || sources.some(({ verifiedAs }) => verifiedAs);
    if (mitigation.identityVerification && !verified)
      said.push({ what: 'unserved', text: `${model}: nothing verifies identities, so every account is unverified.` });
  }
  return said;
}

function languages({ period }: Facts): Unseen[] {
  const outputs = countOf(period.tallies, 'outputs');
  if (outputs === 0) return [];
  const told = period.tallies.filter(({ measure, purpose }) => measure === 'language' && purpose !== 'control');
  const named = told.reduce((sum, { count }) => sum + count, 0);
  const unread = told.filter(({ label }) => !reads(label)).reduce((sum, { count }) => sum + count, 0);
  const share = (count: number) => `${((count / outputs) * 100).toFixed(1)} %`;
  const said: Unseen[] = [];
  if (unread > 0)
    said.push({
      what: 'language',
      text: `${share(unread)} of outputs were in a language that the models do not read: rules, aliases and lookalikes alone judged them.`,
    });
  const untold = Math.max(0, outputs - named);
  if (untold > 0) said.push({ what: 'language', text: `${share(untold)} of outputs did not tell their language.` });
  return said;
}

function reads(language: string): boolean {
  return modelLanguages.some((one) => language.toLowerCase() === one || language.toLowerCase().startsWith(`${one}-`));
}

function strangers({ period }: Facts): Unseen[] {
  const of = (what: string) => countOf(period.tallies, 'conformance', `unknown_${what}`);
  const most = Math.max(of('model'), of('version'), of('stage'));
  if (most === 0) return [];
  return [
    {
      what: 'unknown',
      text: `${inWords(most, 'output')} of an unknown model, version or stage, judged at the strictest stage.`,
    },
  ];
}
