import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { UserCaller } from '../../access/caller.js';
import { AppError } from '../../platform/errors.js';
import { type Reading, UpstreamReader } from './upstream-reader.js';
import { UpstreamsService } from './upstreams.service.js';

/** What came of trying an upstream. */
export type UpstreamTest = {
  readonly tools: readonly string[];
  readonly message: string | null;
  readonly durationMs: number;
};

/** What came of reading an upstream; without a reading or a message, another replica is at it. */
export type UpstreamReload = { readonly reading: Reading; readonly message: string | null };

/** Tries upstreams for an administrator, whatever failed before; that one cannot be used is an answer, and on record. */
@Injectable()
export class UpstreamTester {
  constructor(
    private readonly upstreams: UpstreamsService,
    private readonly reader: UpstreamReader,
    private readonly audit: AuditTrail,
  ) {}

  /** Reads its definitions, and keeps them. */
  async reload(caller: UserCaller, id: string): Promise<UpstreamReload> {
    const upstream = await this.upstreams.get(caller, id);
    const target = { kind: 'upstream', id, name: upstream.name };
    await this.audit.recordAct(caller, { action: 'upstream.reload', target });
    try {
      return { reading: await this.reader.read(upstream), message: null };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { reading: null, message: error.message };
    }
  }

  /** Connects and lists, and keeps nothing. */
  async test(caller: UserCaller, id: string): Promise<UpstreamTest> {
    const upstream = await this.upstreams.get(caller, id);
    const target = { kind: 'upstream', id, name: upstream.name };
    await this.audit.recordAct(caller, { action: 'upstream.test', target });
    const started = performance.now();
    const durationMs = () => Math.round(performance.now() - started);
    try {
      const found = await this.reader.look(upstream);
      return { tools: found.map(({ ownName }) => ownName), message: null, durationMs: durationMs() };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { tools: [], message: error.message, durationMs: durationMs() };
    }
  }
}
