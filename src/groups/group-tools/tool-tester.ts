import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { UserCaller } from '../../access/caller.js';
import { ConflictError } from '../../platform/errors.js';
import { Config } from '../../platform/config.js';
import type { ToolCall, ToolOutcome } from '../../tools/pipe/tool-call.js';
import { ToolExecutor } from '../../tools/pipe/tool-executor.js';
import { ToolDirectory } from '../../sources/tool-directory.js';
import { toolFor } from '../access-rules.js';
import { bind } from '../catalog.js';
import { CatalogStore } from '../catalog-store.js';
import { GroupToolsService } from './group-tools.service.js';

/** What came of a test; the duration includes what the pipe itself takes. */
export type ToolTest = { readonly outcome: ToolOutcome; readonly durationMs: number };

/** Runs a group's tool for an admin, through the same pipe as an agent's call and on record as a test. */
@Injectable()
export class ToolTester {
  constructor(
    private readonly tools: GroupToolsService,
    private readonly directory: ToolDirectory,
    private readonly executor: ToolExecutor,
    private readonly config: Config,
    private readonly audit: AuditTrail,
    private readonly catalogs: CatalogStore,
  ) {}

  /**
   * Also runs a tool that is disabled, or whose group is: to try it before agents see it.
   *
   * The group's limits do not hold for it; what it hides and how long results may be does.
   *
   * @param options `ending`: the admin hung up.
   * @throws {ConflictError} There is no such tool, or it may not be served.
   */
  async test(
    caller: UserCaller,
    id: string,
    args: unknown,
    options: Pick<ToolCall, 'ending' | 'idempotencyKey'>,
  ): Promise<ToolTest> {
    const row = await this.tools.get(caller, id);
    const { definition, reason } = await this.directory.resolveOne(row);
    const catalog = this.catalogs.find(row.groupId);
    if (!catalog) throw new ConflictError('The group is not served at the moment; try again');
    const { redaction, result_max_bytes, structured_content } = catalog.policy;
    if (!definition) throw new ConflictError(`'${row.toolName}' cannot run: ${reason}`);
    // Before it runs: a call that cannot be put on record is not made. What came of it is in the call log.
    const target = { kind: 'tool', id, name: row.toolName };
    await this.audit.recordAct(caller, { action: 'tool.test', target });
    const started = performance.now();
    const outcome = await this.executor.execute({
      caller,
      tenantId: row.tenantId,
      groupId: row.groupId,
      policy: { redaction, result_max_bytes, structured_content },
      toolName: row.toolName,
      tool: bind(row, definition, this.config.env),
      scope: 'tenant', // the administrator tries what an application would get
      hasTool: (name) => toolFor(catalog, caller, name) !== undefined,
      args,
      ...options,
      appId: null,
      era: 'rest',
      transport: 'rest',
      isTest: true,
    });
    return { outcome, durationMs: performance.now() - started };
  }
}
