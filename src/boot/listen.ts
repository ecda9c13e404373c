import cluster from 'node:cluster';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { Config } from '../platform/config.js';
import { StartError } from '../platform/errors.js';

/**
 * Looks whether we could listen, before anything is stored for it.
 *
 * @throws {StartError} Another program has the port, or the host is none of ours.
 */
export async function checkPort(config: Config): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error) => reject(explainListenError(error, config)));
    probe.listen(config.port, config.host, () => probe.close(() => resolve()));
  });
}

/**
 * Listens; one of `WORKERS` on a socket of its own, where the system can share a port among sockets. What node:cluster does instead,
 * to deal connections out by the first process, loses those that a worker had been handed when it was killed: their clients wait for
 * ever. Those of a socket end with its process.
 *
 * @throws {StartError} The port cannot be had.
 */
export async function listen(server: Server, config: Config): Promise<void> {
  const { port, host } = config;
  server.listen({ port, host, reusePort: cluster.isWorker && port !== 0 && process.platform === 'linux' });
  await once(server, 'listening').catch((error: unknown) => {
    throw explainListenError(error, config);
  });
}

/** Says in our words why listening failed. Other errors come back as they are. */
export function explainListenError(error: unknown, config: Config): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const { port, host } = config;
  const options = { cause: error };
  switch (code ?? '') {
    case 'EADDRINUSE':
      return new StartError(
        `Port ${port} on ${host} is taken by another program. Stop it, or set PORT`,
        options,
      );
    case 'EACCES':
      return new StartError(`Port ${port} is not open to this user. Set PORT to 1024 or above`, options);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartError(
        `HOST ${host} is no address of this machine. Use 127.0.0.1, or 0.0.0.0 for all`,
        options,
      );
    default:
      return error;
  }
}
