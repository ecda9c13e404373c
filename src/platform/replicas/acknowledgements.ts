import type { DataSource } from 'typeorm';
import type { Config } from '../config.js';
import { type LiveReplica, listLiveReplicas } from './live-replicas.js';
import type { Replica } from './replica.js';

/** How a change came into force. */
export type ChangeEffect = {
  /** Every live replica has taken it over: no call that begins from now on is ruled by what was before. */
  readonly effectiveImmediately: boolean;
  readonly replicas: readonly ReplicaEffect[];
};

/** `ms`: from the commit until it had the change in force; null: it did not say so in time. */
export type ReplicaEffect = { readonly id: string; readonly name: string; readonly ms: number | null };

type Ref = { readonly ref: string };

const UNASKED_MAX = 1000;

/** Gathers what replicas say of the changes that this replica published. */
export class Acknowledgements {
  /** When each replica said so, by change. One may come before our own commit returns, so nothing needs to be expected. */
  private readonly heard = new Map<string, Map<string, number>>();
  private readonly waiting = new Set<() => void>();

  constructor(
    private readonly config: Config,
    private readonly replica: Replica,
    private readonly dataSource: DataSource,
  ) {}

  hear(payload: string): void {
    const { ref, replica } = JSON.parse(payload) as { ref: string; replica: string };
    this.note(ref, replica);
  }

  /**
   * Call it right after the commit. Waits at most `CHANGE_WAIT_MS`.
   *
   * @param takeOver Puts the changes in force on this replica itself; gives false when it could not.
   */
  async wait(changes: readonly Ref[], takeOver: () => Promise<boolean>): Promise<ChangeEffect> {
    const committedAtMs = performance.now();
    const deadlineMs = committedAtMs + this.config.env.CHANGE_WAIT_MS;
    void this.noteOwn(changes, takeOver);
    try {
      let live = await this.readLive();
      while (!this.haveAll(changes, live) && performance.now() < deadlineMs) await this.nextHeard(deadlineMs);
      // One that stopped meanwhile serves nothing any more.
      if (!this.haveAll(changes, live)) live = await this.readLive();
      const replicas = live.map(({ id, name }) => ({ id, name, ms: this.msOf(changes, id, committedAtMs) }));
      return { effectiveImmediately: replicas.every(({ ms }) => ms !== null), replicas };
    } catch {
      // The database went away after the commit: nobody can say which replicas there are.
      return { effectiveImmediately: false, replicas: [] };
    } finally {
      for (const { ref } of changes) this.heard.delete(ref);
    }
  }

  private async noteOwn(changes: readonly Ref[], takeOver: () => Promise<boolean>): Promise<void> {
    if (await takeOver()) for (const { ref } of changes) this.note(ref, this.replica.id);
  }

  private note(ref: string, replicaId: string): void {
    const heard = this.heard.get(ref) ?? new Map<string, number>();
    this.heard.set(ref, heard.set(replicaId, performance.now()));
    for (const wake of this.waiting) wake();
    // Every replica hears the acknowledgements of the others' changes, too.
    if (this.heard.size > UNASKED_MAX) this.heard.delete(this.heard.keys().next().value!);
  }

  private async readLive(): Promise<readonly LiveReplica[]> {
    return listLiveReplicas(this.dataSource, this.config.env.REPLICA_LEASE_MS);
  }

  private haveAll(changes: readonly Ref[], live: readonly LiveReplica[]): boolean {
    return live.every(({ id }) => changes.every(({ ref }) => this.heard.get(ref)?.has(id)));
  }

  private nextHeard(deadlineMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, deadlineMs - performance.now());
      this.waiting.add(wake);
    });
  }

  /** Until the last of the changes was in force there. */
  private msOf(changes: readonly Ref[], replicaId: string, committedAtMs: number): number | null {
    let latestMs = committedAtMs;
    for (const { ref } of changes) {
      const heardAtMs = this.heard.get(ref)?.get(replicaId);
      if (heardAtMs === undefined) return null;
      latestMs = Math.max(latestMs, heardAtMs);
    }
    return Math.round((latestMs - committedAtMs) * 10) / 10;
  }
}
