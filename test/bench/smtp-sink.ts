/** As little SMTP server as takes a mail: it costs the bench next to nothing, so that what is measured is the pager. */
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

export interface SmtpSink {
  readonly url: string;
  readonly arrived: { id: string; at: number }[];
  close(): Promise<void>;
}

export async function smtpSink(): Promise<SmtpSink> {
  const arrived: { id: string; at: number }[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    socket.write('220 sink\r\n');
    let pending = '';
    let inData = false;
    socket.on('data', (chunk: string) => {
      pending += chunk;
      for (;;) {
        const end = pending.indexOf(inData ? '\r\n.\r\n' : '\r\n');
        if (end < 0) return;
        const line = pending.slice(0, end);
        pending = pending.slice(end + (inData ? 5 : 2));
        if (inData) {
          inData = false;
          socket.write('250 taken\r\n');
          arrived.push({
            id: /^message-id: <([0-9a-f]+)@/im.exec(line)?.[1] ?? '',
            at: performance.timeOrigin + performance.now(),
          });
        } else if (/^DATA/i.test(line)) {
          inData = true;
          socket.write('354 go on\r\n');
        } else if (/^QUIT/i.test(line)) {
          socket.end('221 bye\r\n');
        } else socket.write('250 ok\r\n');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrived,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
