/**
 * Reports: what a period amounted to, told to those who answer for the deployment. It promises that a report is pure in
 * its facts, that it says how often Tocsin was wrong in both directions and what it could not see before anything else,
 * that none of it is content of an output, and that each period's report is made and sent once by however many
 * reporters, late and said so after an outage.
 */
export { makeReport, type ReportGrounds } from './make-report.repository.js';
export {
  lastEnded,
  parsePeriod,
  periodAt,
  periodInWords,
  periodKinds,
  type Period,
  type PeriodKind,
} from './period.js';
export { inFile, type Rendered } from './render.js';
export { Reports, forgetOldReports, type ListedReport } from './reports.repository.js';
export { Reporter, recipientsOf, type Duty, type ReporterOptions } from './reporter.worker.js';
export { ReportMail, type ReportMailOptions } from './mail.channel.js';
export { checkAssurance, checkDrift } from './self-check.repository.js';
export { offerThresholds } from './thresholds.repository.js';
export { reportsEntities } from './report.entity.js';
