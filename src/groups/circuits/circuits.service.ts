import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { Caller } from '../../access/caller.js';
import { ChangeBus } from '../../platform/replicas/change-bus.js';
import type { Page } from '../../platform/rest/envelope.js';
import { NotFoundError } from '../../platform/errors.js';
import { decodeIdCursor, toPage } from '../../platform/rest/paging.js';
import type { PageQueryDto } from '../../platform/rest/rest.dto.js';
import { CIRCUIT_CHANGE } from '../../tools/breakers/circuit-breakers.js';
import type { CircuitDto } from './circuits.dto.js';

const LIST = `SELECT t.id AS tool_id, t.tool_name, t.group_id,
    jsonb_agg(jsonb_build_object('replica_id', c.replica_id, 'state', c.state, 'error_kind', c.error_kind,
      'changed_at', to_char(c.changed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
      ORDER BY c.replica_id) AS replicas
  FROM circuit_states c JOIN replicas r ON r.id = c.replica_id JOIN mcp_tools t ON t.id = c.tool_id
  WHERE c.tenant_id = $1 AND ($2::uuid IS NULL OR t.id > $2)
  GROUP BY t.id ORDER BY t.id LIMIT $3`;

/** The circuits that keep calls from tools, over all replicas. */
@Injectable()
export class CircuitsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly changeBus: ChangeBus,
    private readonly audit: AuditTrail,
  ) {}

  /** Those that are not closed somewhere. */
  async list(caller: Caller, query: PageQueryDto): Promise<Page<CircuitDto>> {
    const after = query.cursor ? decodeIdCursor(query.cursor) : null;
    const rows = await this.dataSource.query<CircuitDto[]>(LIST, [caller.tenantId, after, query.limit + 1]);
    return toPage(rows, query.limit, ({ tool_id }) => [tool_id]);
  }

  /**
   * Closes a tool's circuit on every replica: the next call runs.
   *
   * @throws {NotFoundError} No such tool in the caller's tenant.
   */
  async reset(caller: Caller, toolId: string): Promise<void> {
    await this.changeBus.commit(async (manager) => {
      const [tool] = await manager.query<{ name: string }[]>(
        'SELECT tool_name AS name FROM mcp_tools WHERE id = $1 AND tenant_id = $2',
        [toolId, caller.tenantId],
      );
      if (!tool) throw new NotFoundError(`No tool ${toolId}`);
      const target = { kind: 'tool', id: toolId, name: tool.name };
      await this.audit.record(manager, caller, { action: 'circuit.reset', target });
      await this.changeBus.publish(manager, { kind: CIRCUIT_CHANGE, id: toolId });
    });
  }
}
