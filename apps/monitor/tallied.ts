/** What is counted of a batch, for reports and protocol assurance: by minute, model, stage and purpose. */
import type { Event, OutputEvent, Rejection } from '../../libs/events/index.js';
import { TallySheet, type Finding } from '../../libs/incidents/index.js';
import type { ConformanceResult } from '../../libs/policy/index.js';
import type { Judged } from './judge.js';

/**
 * Measures: `outputs`, `feedback` and `verdicts` (label: category or detector), `rejected` (reason), `duplicates`,
 * `findings` (detector), `rule_hits` (rule), `protocol` (`content_filter ran`, `content_filter flagged`, ...),
 * `conformance` (check), `language` (as told), `mended`, `cut`, `unchecked` (detector), `control` and `control_found`
 * (detector that should find it), `group` and `group_found` (the deployment's own label).
 */
export function tallyOf(
  judged: readonly Judged[],
  known: ReadonlySet<Judged>,
  rejections: readonly Rejection[],
  conformance: ConformanceResult,
  now: number,
): TallySheet {
  const sheet = new TallySheet();
  for (const one of judged) {
    const { event } = one;
    if (!event) continue;
    if (event.kind === 'output') {
      if (known.has(one)) {
        sheet.add(event, 'duplicates');
        continue;
      }
      tallyOutput(sheet, event, one.findings);
    } else {
      sheet.add(placeOf(event), event.kind === 'feedback' ? 'feedback' : 'verdicts', kindOf(event));
      if (event.kind === 'verdict' && event.label === 'unchecked')
        sheet.add(placeOf(event), 'unchecked', event.detector);
    }
    for (const finding of one.findings) {
      const place = { at: finding.at, ...finding.subject };
      sheet.add(place, 'findings', finding.detector);
      if (finding.rule !== undefined) sheet.add(place, 'rule_hits', finding.rule);
    }
  }
  for (const { reason } of rejections) sheet.add({ at: now }, 'rejected', reason);
  for (const [check, count] of conformance.counts) sheet.add({ at: now }, 'conformance', check, count);
  return sheet;
}

function tallyOutput(sheet: TallySheet, event: OutputEvent, findings: readonly Finding[]): void {
  sheet.add(event, 'outputs');
  for (const protocol in event.safety) {
    const { ran, flagged } = event.safety[protocol]!;
    if (ran) sheet.add(event, 'protocol', `${protocol} ran`);
    if (flagged) sheet.add(event, 'protocol', `${protocol} flagged`);
  }
  if (event.language !== undefined) sheet.add(event, 'language', event.language);
  if (event.mended > 0) sheet.add(event, 'mended');
  if (event.cut) sheet.add(event, 'cut');
  if (event.group !== undefined) {
    sheet.add(event, 'group', event.group);
    if (findings.length > 0) sheet.add(event, 'group_found', event.group);
  }
  tallyControl(sheet, event, findings);
}

/** A control says what should be found in it; one that expects `none` measures no recall. */
function tallyControl(sheet: TallySheet, event: OutputEvent, findings: readonly Finding[]): void {
  const { purpose, expected } = event;
  if (purpose !== 'control' || expected === undefined || expected.label === 'none') return;
  sheet.add(event, 'control', expected.detector);
  const found = findings.some(
    ({ detector, label, rule, matched }) =>
      detector === expected.detector && [label, rule, matched].includes(expected.label),
  );
  if (found) sheet.add(event, 'control_found', expected.detector);
}

function placeOf(event: Exclude<Event, OutputEvent>) {
  const { model, stage } = event.kind === 'feedback' ? (event.reported ?? {}) : {};
  return { at: event.at, model, stage };
}

function kindOf(event: Exclude<Event, OutputEvent>): string {
  if (event.kind === 'verdict') return event.detector;
  return (
    event.category ?? (event.rating === undefined ? '' : event.rating < 0 ? 'down' : event.rating > 0 ? 'up' : 'even')
  );
}
