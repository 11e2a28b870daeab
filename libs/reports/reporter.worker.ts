/**
 * Makes reports when their period is over and mails them until they are taken. Several may run: a report is made by one,
 * each mail is sent by one, each duty is done once a period. All of it stands in rows, nothing in memory.
 */
import { isConnectionLoss, type Database, type Tx } from '../database/index.js';
import { planInForce, type Plan } from '../paging/index.js';
import type { Bundle } from '../policy/index.js';
import { counter, logger } from '../telemetry/index.js';
import { retryAfter, wantedKinds } from './due.js';
import type { ReportMail } from './mail.channel.js';
import { makeReport } from './make-report.repository.js';
import { periodAt, type PeriodKind } from './period.js';
import { oncePerPeriod, Reports, type TakenReport } from './reports.repository.js';

const log = logger('reporter');
const made = counter('tocsin_reports_made_total', 'Reports made, by kind.', ['kind']);
const mailed = counter('tocsin_report_mails_total', 'Mails of reports, by what came of them.', ['outcome']);
const failed = counter(
  'tocsin_reporter_failures_total',
  'Rounds and duties of the reporter that failed and are tried again.',
  ['what'],
);

/** Work by the clock that needs no app of its own; done in the transaction that records it as done. */
export interface Duty {
  readonly name: string;
  readonly every: PeriodKind;
  run(tx: Tx, bundle: Bundle): Promise<void>;
}

export interface ReporterOptions {
  readonly database: Database;
  readonly mail: Pick<ReportMail, 'send'>;
  /** Undefined while no bundle is in force. */
  readonly bundle: () => Bundle | undefined;
  readonly defaultResponder: string;
  /** Records still to be read in Kafka; undefined where that is not known. */
  readonly lag?: () => Promise<number | undefined>;
  readonly duties?: readonly Duty[];
  /** Between rounds; 5 s. */
  readonly pollMs?: number;
}

export class Reporter {
  private readonly reports = new Reports();
  private readonly done = new Map<string, string>();
  private timer?: NodeJS.Timeout;
  private running?: Promise<void>;
  private closed = false;
  private trouble: string | undefined;

  constructor(private readonly options: ReporterOptions) {}

  start(): void {
    this.running = this.round()
      .catch((error: unknown) => {
        failed.inc({ what: 'round' });
        this.trouble = isConnectionLoss(error) ? 'PostgreSQL cannot be reached' : 'a round failed: see the log';
        log.warn({ err: error }, 'a round of the reporter failed and is tried again');
      })
      .then(() => {
        if (!this.closed) this.timer = setTimeout(() => this.start(), this.options.pollMs ?? 5_000);
      });
  }

  /** For readiness: undefined when well. */
  health(): string | undefined {
    return this.trouble;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** All that is due now: plans, makes, sends, and does its duties. */
  async round(): Promise<void> {
    const { database } = this.options;
    const bundle = this.options.bundle();
    if (bundle) {
      const { settings } = bundle;
      await database.transaction((tx) => this.reports.plan(tx, wantedKinds(settings), settings.timezone));
      for (
        let taken = await this.reports.take(database);
        taken && !this.closed;
        taken = await this.reports.take(database)
      )
        await this.make(taken, bundle);
    }
    await this.deliverAll();
    if (bundle) await this.doDuties(bundle);
    this.trouble = undefined;
  }

  private async make(taken: TakenReport, bundle: Bundle): Promise<void> {
    const { database, defaultResponder, lag } = this.options;
    const { kind, name } = taken.period;
    try {
      const waiting = await lag?.().catch(() => undefined);
      const now = await database.now();
      const rendered = await makeReport(database, taken.period, now, { bundle, defaultResponder, lag: waiting });
      const to = recipientsOf(planInForce(bundle, defaultResponder).plan, defaultResponder);
      const mine = await database.transaction((tx) => this.reports.keep(tx, taken, rendered, to, bundle.hash));
      if (!mine) return;
      made.inc({ kind });
      log.info({ kind, period: name, addresses: to.length }, 'a report was made');
    } catch (error) {
      failed.inc({ what: 'make' });
      log.warn({ err: error, kind, period: name }, 'a report could not be made and is tried again');
      await this.reports.giveBack(database, taken).catch(() => undefined);
    }
  }

  private async deliverAll(): Promise<void> {
    const { database, mail } = this.options;
    while (!this.closed) {
      const delivery = await this.reports.takeDelivery(database);
      if (!delivery) return;
      const answer = await mail.send(delivery);
      mailed.inc({ outcome: answer.outcome });
      if (answer.outcome === 'sent') await this.reports.endDelivery(database, delivery, { state: 'sent' });
      else if (answer.outcome === 'refused') {
        log.error({ report: delivery.report, reason: answer.reason }, 'a mail server refuses a report for good');
        await this.reports.endDelivery(database, delivery, { state: 'refused', reason: answer.reason });
      } else
        await this.reports.endDelivery(database, delivery, {
          state: 'waiting',
          reason: answer.reason,
          afterMs: retryAfter(delivery.attempts),
        });
    }
  }

  private async doDuties(bundle: Bundle): Promise<void> {
    const { database, duties = [] } = this.options;
    const now = (await database.now()).getTime();
    for (const { name: duty, every, run } of duties) {
      const { name } = periodAt(every, now, bundle.settings.timezone);
      if (this.done.get(duty) === name) continue;
      try {
        await oncePerPeriod(database, duty, name, (tx) => run(tx, bundle));
        this.done.set(duty, name);
      } catch (error) {
        failed.inc({ what: duty });
        log.warn({ err: error, duty, period: name }, 'a duty failed and is tried again');
      }
    }
  }
}

/** Every stakeholder's e-mail addresses; the default responder's where the plan names none. */
export function recipientsOf(plan: Plan, defaultResponder: string): string[] {
  const addresses = Object.values(plan.stakeholders)
    .flatMap(({ contacts }) => contacts)
    .flatMap((contact) => (contact.channel === 'email' ? [contact.address] : []));
  return addresses.length > 0 ? addresses : [defaultResponder];
}
