/** A report as e-mail: text, HTML and the chart inside it, over the first SMTP server that takes it. */
import { createTransport, type Transporter } from 'nodemailer';
import { logger } from '../telemetry/index.js';
import { mailId } from './due.js';
import { htmlWithLateness, htmlWithLink } from './html.js';
import { chartId } from './render.js';
import type { TakenDelivery } from './reports.repository.js';
import { textWithLateness } from './text.js';

const log = logger('reporter');

export interface ReportMailOptions {
  /** smtp:// or smtps:// addresses, the preferred first. */
  readonly servers: readonly string[];
  readonly from: string;
  /** The console's page of reports. */
  readonly consoleUrl?: string;
}

export type MailOutcome =
  { readonly outcome: 'sent' } | { readonly outcome: 'retry' | 'refused'; readonly reason: string };

export class ReportMail {
  private readonly servers: readonly { readonly name: string; readonly transport: Transporter }[];
  private readonly domain: string;

  constructor(private readonly options: ReportMailOptions) {
    this.domain = /@([^\s>]+)/.exec(options.from)?.[1] ?? 'tocsin.invalid';
    this.servers = options.servers.map((url) => ({
      name: URL.parse(url)?.host ?? 'smtp',
      // All of it ends well within the minute that a delivery is taken for.
      transport: createTransport({
        url,
        connectionTimeout: 5_000,
        greetingTimeout: 5_000,
        socketTimeout: 15_000,
        disableFileAccess: true,
        disableUrlAccess: true,
      }),
    }));
  }

  /** Never throws. */
  async send(delivery: TakenDelivery): Promise<MailOutcome> {
    let last: MailOutcome = { outcome: 'retry', reason: 'no_smtp_server' };
    const began = performance.now();
    for (const { name, transport } of this.servers) {
      if (performance.now() - began > 25_000) break;
      try {
        await transport.sendMail(this.message(delivery));
        return { outcome: 'sent' };
      } catch (error) {
        const judged = judge(error);
        log.warn({ server: name, outcome: judged.outcome, reason: judged.reason }, 'a report was not taken');
        if (judged.outcome === 'refused') return judged;
        last = judged;
      }
    }
    return last;
  }

  private message({ report, address, subject, text, html, chart, late }: TakenDelivery) {
    const { from, consoleUrl } = this.options;
    const wholeText = consoleUrl === undefined ? text : `${text}\nIn the console: ${consoleUrl}\n`;
    const wholeHtml = consoleUrl === undefined ? html : htmlWithLink(html, consoleUrl);
    return {
      from,
      to: address,
      subject: late === undefined ? subject : `${subject} (late)`,
      text: late === undefined ? wholeText : textWithLateness(wholeText, late),
      html: late === undefined ? wholeHtml : htmlWithLateness(wholeHtml, late),
      messageId: `<${mailId(report, address)}@${this.domain}>`,
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
      attachments: chart
        ? [
            {
              cid: chartId,
              filename: 'chart.png',
              contentType: 'image/png',
              contentDisposition: 'inline' as const,
              content: chart,
            },
          ]
        : [],
    };
  }

  close(): void {
    for (const { transport } of this.servers) transport.close();
  }
}

/** 5xx about the address or the message is final; everything else is tried again under the same Message-ID. */
function judge(error: unknown): Exclude<MailOutcome, { outcome: 'sent' }> {
  const { code, responseCode, command } = (error ?? {}) as { code?: string; responseCode?: number; command?: string };
  if (responseCode !== undefined) {
    const ours = code === 'EAUTH' || command === 'CONN' || command?.startsWith('EHLO');
    return { outcome: responseCode >= 500 && !ours ? 'refused' : 'retry', reason: `smtp_${responseCode}` };
  }
  if (code === 'EENVELOPE') return { outcome: 'refused', reason: 'bad_address' };
  return { outcome: 'retry', reason: code === 'ETIMEDOUT' ? 'timeout' : 'connection' };
}
