import type { Server } from 'node:http';
import type { Config } from '../platform/config.js';
import { HttpDrain } from './drain-http.js';

/** Beyond SHUTDOWN_GRACE_MS: for the call log to be written and PostgreSQL to stop. */
const SHUTDOWN_EXTRA_MS = 20_000;

/** What goes on until it is stopped in order. */
export type Running = { stop(): Promise<void> };

/** How long stopping may take before it is ended by force. */
export function stopLimitMs({ env }: Config): number {
  return env.SHUTDOWN_GRACE_MS + SHUTDOWN_EXTRA_MS;
}

/**
 * Serves on a database that answers and has its schema.
 *
 * @param openMore Gets the server when it can answer and nobody can reach it yet; gives further servers whose requests are to be
 *   answered before the end.
 * @throws {StartError} The port cannot be had.
 */
export async function serve(
  config: Config,
  openMore: (server: Server) => Promise<readonly Server[]> = async () => [],
): Promise<Running> {
  const { startService } = await import('./service.js');
  let more: readonly Server[] = [];
  const service = await startService(config, async (server) => void (more = await openMore(server)));
  const drains = [service.server, ...more].map((server) => new HttpDrain(server));
  return {
    stop: async () => {
      service.beginEnding();
      await Promise.all(drains.map((drain) => drain.run(config.env.SHUTDOWN_GRACE_MS)));
      await service.close(); // the call log is written out here, so the database goes last
    },
  };
}
