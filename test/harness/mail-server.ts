/** A real SMTP server on a free port that keeps what it accepts; `answer` lets a test refuse, stall or cut. */
import { type AddressInfo } from 'node:net';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly messageId: string;
  readonly raw: string;
  readonly mail: ParsedMail;
  /** performance.timeOrigin + performance.now() when the last byte was in. */
  readonly at: number;
}

export interface MailServer {
  readonly url: string;
  readonly port: number;
  readonly received: ReceivedMail[];
  close(): Promise<void>;
}

/** `answer` is asked at the end of each message: resolve to accept (250), reject with `responseCode` to answer 4xx or 5xx. */
export async function mailServer(
  options: SMTPServerOptions & { answer?: (mail: ReceivedMail) => Promise<void>; port?: number } = {},
): Promise<MailServer> {
  const received: ReceivedMail[] = [];
  const { answer, port, ...rest } = options;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    ...rest,
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const raw = Buffer.concat(chunks).toString('utf8');
        void simpleParser(raw)
          .then(async (mail) => {
            const one: ReceivedMail = {
              from: session.envelope.mailFrom ? session.envelope.mailFrom.address : '',
              to: session.envelope.rcptTo.map(({ address }) => address),
              messageId: mail.messageId ?? '',
              raw,
              mail,
              at: performance.timeOrigin + performance.now(),
            };
            await answer?.(one);
            received.push(one);
          })
          .then(() => done(), done);
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    server.server.once('error', reject);
    server.listen(port ?? 0, '127.0.0.1', resolve);
  });
  const at = (server.server.address() as AddressInfo).port;
  return {
    url: `smtp://127.0.0.1:${at}`,
    port: at,
    received,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
