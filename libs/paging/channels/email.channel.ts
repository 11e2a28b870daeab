/** E-mail over several SMTP servers in order: one that fails is passed over for a while, and a message waits for no server. */
import { createTransport, type Transporter } from 'nodemailer';
import { logger } from '../../telemetry/index.js';
import type { Channel, Delivery, Sent } from './channel.js';

const log = logger('mail');

export interface MailOptions {
  /** smtp:// or smtps:// addresses, the preferred first. */
  readonly servers: readonly string[];
  readonly from: string;
  /** Reply-to-acknowledge: the signed address that answers to this notification go to. */
  readonly replyTo?: (notification: string, now: number) => string;
  /** Connections kept to each server; 8. */
  readonly connections?: number;
}

/** How long a server that failed is asked last. */
const passOverMs = 30_000;

interface Server {
  readonly name: string;
  readonly transport: Transporter;
  failedAt: number;
}

export class EmailChannel implements Channel {
  private readonly servers: readonly Server[];
  private readonly domain: string;

  constructor(private readonly options: MailOptions) {
    this.domain = /@([^\s>]+)/.exec(options.from)?.[1] ?? 'tocsin.invalid';
    this.servers = options.servers.map((url) => ({
      name: URL.parse(url)?.host ?? 'smtp',
      failedAt: -Infinity,
      transport: createTransport({
        url,
        pool: true,
        maxConnections: options.connections ?? 8,
        maxMessages: Infinity,
        // A message whose connection went away is driven again by the outbox, which knows that it may be a duplicate.
        maxRequeues: 0,
        connectionTimeout: 4_000,
        greetingTimeout: 4_000,
        socketTimeout: 10_000,
        idleTimeout: 60_000,
        disableFileAccess: true,
        disableUrlAccess: true,
      }),
    }));
  }

  async send(delivery: Delivery, signal: AbortSignal): Promise<Sent> {
    const { contact } = delivery;
    if (contact.channel !== 'email') return { outcome: 'refused', reason: 'wrong_channel' };
    const mail = this.mail(delivery, contact.address, signal);
    let last: Sent = { outcome: 'retry', reason: 'no_smtp_server' };
    for (const server of this.inOrder()) {
      last = await this.trySend(server, mail);
      // What may have been taken is not given to another server: the same one may answer in time at the next try.
      if (last.outcome === 'sent' || last.outcome === 'refused' || signal.aborted) return last;
      if (!last.unknown || last.reason === 'connection') server.failedAt = performance.now();
      if (last.unknown) return last;
    }
    return last;
  }

  close(): Promise<void> {
    for (const { transport } of this.servers) transport.close();
    return Promise.resolve();
  }

  private inOrder(): Server[] {
    const now = performance.now();
    const wait = (server: Server) => (now - server.failedAt < passOverMs ? 1 : 0);
    return this.servers.toSorted((a, b) => wait(a) - wait(b));
  }

  private mail({ notice, message }: Delivery, to: string, signal: AbortSignal) {
    const thread = notice.kind === 'bundle' ? undefined : notice.incidents[0]?.about.id;
    const replyTo = this.options.replyTo?.(notice.id, notice.now);
    return {
      signal,
      from: this.options.from,
      to,
      subject: message.subject,
      text: message.text,
      html: message.html(),
      messageId: `<${notice.id}@${this.domain}>`,
      // Every mail of one incident answers to one thread head, whichever of them arrived first.
      ...(thread !== undefined && {
        inReplyTo: `<incident.${thread}@${this.domain}>`,
        references: `<incident.${thread}@${this.domain}>`,
      }),
      ...(replyTo !== undefined && { replyTo }),
      headers: {
        'Auto-Submitted': 'auto-generated',
        'X-Auto-Response-Suppress': 'All',
        ...(notice.possibleDuplicate && { 'X-Tocsin-Possible-Duplicate': 'yes' }),
      },
      // A page may wait in nobody's reader for its pictures: there are none.
      disableFileAccess: true,
      disableUrlAccess: true,
    };
  }

  private async trySend(server: Server, mail: ReturnType<EmailChannel['mail']>): Promise<Sent> {
    try {
      await server.transport.sendMail(mail);
      return { outcome: 'sent', reason: 'smtp_250' };
    } catch (error) {
      const judged = judge(error, mail.signal);
      log.warn({ server: server.name, outcome: judged.outcome, reason: judged.reason }, 'a mail was not taken');
      return judged;
    }
  }
}

/** 5xx about the message or the address is final; 4xx, and whatever concerns the server or the way to it, is not. */
function judge(error: unknown, signal: AbortSignal): Sent {
  const { code, responseCode, command, timeoutType, syscall } = (error ?? {}) as {
    code?: string;
    responseCode?: number;
    command?: string;
    timeoutType?: string;
    syscall?: string;
  };
  if (responseCode !== undefined) {
    const ours = code === 'EAUTH' || command === 'CONN' || command?.startsWith('AUTH') || command?.startsWith('EHLO');
    const final = responseCode >= 500 && !ours;
    return { outcome: final ? 'refused' : 'retry', reason: `smtp_${responseCode}` };
  }
  if (signal.aborted) return { outcome: 'retry', reason: 'timeout', unknown: true };
  if (code === 'EENVELOPE') return { outcome: 'refused', reason: 'bad_address' };
  if (code === 'EDNS') return { outcome: 'retry', reason: 'dns' };
  // The library says CONN of every broken connection, also of one that broke behind the last byte of a mail.
  const setUp = timeoutType !== undefined && timeoutType !== 'SOCKET_TIMEOUT';
  const unreached = syscall === 'connect' || error instanceof AggregateError; // several: every address was tried
  const before = setUp || unreached || command?.startsWith('EHLO') || code === 'ETLS' || code === 'EAUTH';
  if (code === 'ETIMEDOUT') return { outcome: 'retry', reason: 'timeout', unknown: !before };
  return { outcome: 'retry', reason: 'connection', unknown: !before };
}
