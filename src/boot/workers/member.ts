import cluster from 'node:cluster';
import type { Config } from '../../platform/config.js';
import { replicaName } from '../../platform/replicas/replica.js';
import { shareInstallation } from '../installation.js';
import { type Running, serve } from '../running.js';
import { type FromWorker, toWorker } from './worker-messages.js';
import { removeDoor, SiblingConnections } from './sibling-connections.js';

/**
 * Serves as one of `WORKERS` processes, in an installation that the process which forked this one has opened.
 *
 * @param onStop Told when this worker is to stop.
 */
export async function startMember(config: Config, onStop: () => void): Promise<Running> {
  const { id } = cluster.worker!;
  const siblings = new SiblingConnections(id);
  process.once('exit', () => removeDoor(siblings.path)); // also when the process that forked us is gone
  const introduced = new Promise<void>((resolve) => {
    process.on('message', (message) => {
      const said = toWorker.parse(message);
      if (said.kind === 'stop') return onStop();
      siblings.know(said.paths);
      resolve();
    });
  });
  const own = shareInstallation(config).named(`${replicaName(config)}#${id}`);
  const running = await serve(own, async (server) => {
    await siblings.attach(server);
    tell({ kind: 'reachable', path: siblings.path });
    await introduced;
    return [siblings.door];
  });
  tell({ kind: 'serving' });
  return running;
}

function tell(message: FromWorker): void {
  process.send?.(message);
}
