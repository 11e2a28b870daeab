/** Free ports for what runs locally, and the question whether a wanted one is taken. */
import { createServer } from 'node:net';

/** @returns {Promise<number>} */
export async function freePort() {
  const server = await listening(0, '127.0.0.1');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Several at once, all different. @param {number} count */
export async function freePorts(count) {
  const servers = await Promise.all(Array.from({ length: count }, () => listening(0, '127.0.0.1')));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** @param {number} port */
export async function isTaken(port) {
  for (const host of ['127.0.0.1', '0.0.0.0']) {
    try {
      const server = await listening(port, host);
      await new Promise((resolve) => server.close(resolve));
    } catch (error) {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') return true;
      throw error;
    }
  }
  return false;
}

function listening(port, host) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => resolve(server));
  });
}
