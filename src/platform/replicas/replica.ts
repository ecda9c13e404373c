import { hostname } from 'node:os';
import { Injectable } from '@nestjs/common';
import { newId } from '../new-id.js';
import { Config } from '../config.js';
import { UnavailableError } from '../errors.js';
import { cutText } from '../cut-text.js';

const NAME_MAX = 255;

/** How a replica with these settings is called. */
export function replicaName({ env, port }: Config): string {
  return env.REPLICA_NAME ?? `${hostname()}:${port}`;
}

/**
 * This process among its replicas, and whether it may serve. What it holds in memory (keys, catalogs) rules calls, so it may
 * serve only while it can be sure to hear of changes: that is, for `REPLICA_LEASE_MS` from the moment it sent its last
 * successful heartbeat. A publisher counts a replica as live for the same time from when the database saw that heartbeat,
 * which is never earlier; so a replica that no publisher waits for has stopped serving.
 */
@Injectable()
export class Replica {
  readonly id = newId();
  readonly name: string;
  private readonly leaseMs: number;
  private validUntilMs = -Infinity;
  private sentAtMs = -Infinity;
  /** Grows whenever changes may have been missed; what is in memory is good once it was read for the present one. */
  private generation = 0;
  private readGeneration = -1;

  constructor(config: Config) {
    this.name = cutText(replicaName(config), NAME_MAX);
    this.leaseMs = config.env.REPLICA_LEASE_MS;
  }

  get mayServe(): boolean {
    return performance.now() < this.validUntilMs;
  }

  /** @throws {UnavailableError} It cannot be sure to know of the latest changes. */
  requireLease(): void {
    if (this.mayServe) return;
    throw new UnavailableError(
      'This replica has lost touch with the database and cannot know whether your key is still valid. Try again in a few seconds.',
    );
  }

  /** Listening has begun anew, so changes were missed. It goes on serving for what is left of the lease. */
  missChanges(): void {
    this.generation++;
  }

  /**
   * A heartbeat was committed.
   *
   * @param sentAtMs `performance.now()` from before it was sent.
   * @returns False when everything must be read anew (then {@link becomeFresh}) before the lease is renewed: listening began
   *   anew, or the lease had run out and publishers stopped waiting for us.
   */
  renew(sentAtMs: number): boolean {
    if (this.readGeneration === this.generation && !this.mayServe) this.generation++;
    this.sentAtMs = sentAtMs;
    if (this.readGeneration !== this.generation) return false;
    this.validUntilMs = sentAtMs + this.leaseMs;
    return true;
  }

  /** To be remembered when the reading begins. */
  get currentGeneration(): number {
    return this.generation;
  }

  /** Everything was read. Of no effect when changes were missed once more meanwhile. */
  becomeFresh(generation: number): void {
    if (generation !== this.generation) return;
    this.readGeneration = generation;
    this.validUntilMs = this.sentAtMs + this.leaseMs;
  }
}
