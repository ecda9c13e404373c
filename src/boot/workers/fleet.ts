import cluster, { type Worker } from 'node:cluster';
import { Logger } from '@nestjs/common';
import type { Config } from '../../platform/config.js';
import { StartError } from '../../platform/errors.js';
import { prepareSchema } from '../database/prepare-schema.js';
import { openInstallation } from '../installation.js';
import { checkPort } from '../listen.js';
import { type Running, stopLimitMs } from '../running.js';
import { fromWorker, type ToWorker } from './worker-messages.js';
import { removeDoor } from './sibling-connections.js';

/** So much earlier than this process ends by force it ends its workers by force, to close the database in order. */
const FORCE_EARLIER_MS = 5000;
/** Before a worker that died again soon is replaced; doubles each time. */
const SHORTEST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/** A worker that served for so long did not die of how it starts. */
const LONG_LIFE_MS = 60_000;

const logger = new Logger('Workers');

/**
 * Runs `WORKERS` processes that serve on one port, each a replica of its own. This process serves nobody: it owns the installation,
 * brings the schema up to date, and replaces a worker that died.
 *
 * @param onLost Told when the embedded database went away for good.
 */
export async function startFleet(config: Config, onLost: (error: Error) => void): Promise<Running> {
  const installation = await openInstallation(config, onLost);
  const fleet = new Fleet(config);
  try {
    await checkPort(config);
    await prepareSchema(installation.config);
    await fleet.start();
  } catch (error) {
    await fleet.stop();
    await installation.close();
    throw error;
  }
  return {
    stop: async () => {
      await fleet.stop();
      await installation.close();
    },
  };
}

class Fleet {
  private readonly doors = new Map<Worker, string>();
  private readonly ended = new Map<Worker, Promise<void>>();
  private readonly replacing = new Set<NodeJS.Timeout>();
  private pauseMs = SHORTEST_PAUSE_MS;
  private isStarted = false;
  private isStopping = false;

  constructor(private readonly config: Config) {}

  /** @throws {StartError} A worker ended instead of serving. */
  async start(): Promise<void> {
    await Promise.all(Array.from({ length: this.config.env.WORKERS }, () => this.begin()));
    this.isStarted = true;
  }

  /** Resolves when all have ended: in order, or after their time. */
  async stop(): Promise<void> {
    this.isStopping = true;
    for (const timer of this.replacing) clearTimeout(timer);
    const kill = setTimeout(
      () => {
        for (const worker of this.ended.keys()) worker.process.kill('SIGKILL');
      },
      stopLimitMs(this.config) - FORCE_EARLIER_MS,
    );
    for (const worker of this.ended.keys()) tell(worker, { kind: 'stop' });
    await Promise.all(this.ended.values());
    clearTimeout(kill);
  }

  /** Resolves when it serves. */
  private begin(): Promise<void> {
    const worker = cluster.fork();
    const bornAtMs = performance.now();
    return new Promise((resolve, reject) => {
      worker.on('message', (message: unknown) => {
        const said = fromWorker.parse(message);
        if (said.kind === 'reachable') this.introduce(worker, said.path);
        else resolve();
      });
      const end = new Promise<void>((isOver) => {
        worker.once('exit', (code: number | null, signal: string | null) => {
          reject(
            new StartError(
              `A worker ended while it started (${signal ?? `exit code ${code}`}); it has said why`,
            ),
          );
          this.forget(worker);
          isOver();
          if (this.isStarted && !this.isStopping) this.replace(worker, { code, signal, bornAtMs });
        });
      });
      this.ended.set(worker, end);
    });
  }

  private introduce(worker: Worker, path: string): void {
    this.doors.set(worker, path);
    this.tellAll();
  }

  private forget(worker: Worker): void {
    const door = this.doors.get(worker);
    if (door !== undefined) removeDoor(door);
    this.doors.delete(worker);
    this.ended.delete(worker);
    if (!this.isStopping) this.tellAll();
  }

  private tellAll(): void {
    const paths = Object.fromEntries([...this.doors].map(([{ id }, path]) => [id, path]));
    for (const worker of this.doors.keys()) tell(worker, { kind: 'siblings', paths });
  }

  private replace(
    { id, process: { pid } }: Worker,
    { code, signal, bornAtMs }: { code: number | null; signal: string | null; bornAtMs: number },
  ): void {
    const livedMs = Math.round(performance.now() - bornAtMs);
    this.pauseMs = livedMs > LONG_LIFE_MS ? SHORTEST_PAUSE_MS : Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
    logger.warn({
      message: 'A worker ended; another one takes its place',
      worker: id,
      pid,
      code,
      signal,
      livedMs,
    });
    const timer = setTimeout(() => {
      this.replacing.delete(timer);
      this.begin().catch(() => undefined); // its end has another one begun
    }, this.pauseMs);
    this.replacing.add(timer);
  }
}

/** One that has just ended hears nothing any more. */
function tell(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message, () => undefined);
}
