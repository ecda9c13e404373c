import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { CIRCUIT_CHANGE } from '../tools/breakers/circuit-breakers.js';
import { ChangeBus } from '../platform/replicas/change-bus.js';

const OPEN_CIRCUITS = `SELECT c.tool_id AS "versionId", c.replica_id, c.state, c.error_kind,
    to_char(c.changed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS changed_at
  FROM circuit_states c JOIN replicas r ON r.id = c.replica_id
  WHERE c.tenant_id = $1 AND c.tool_id = ANY ($2) ORDER BY c.replica_id`;

/** Where the circuit of a version is not closed. */
export type OpenCircuit = {
  readonly replica_id: string;
  readonly state: 'open' | 'half_open';
  readonly error_kind: string | null;
  readonly changed_at: string;
};

/** The circuits of agents' versions; the breakers themselves are those of tools. */
@Injectable()
export class AgentCircuits {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly changeBus: ChangeBus,
  ) {}

  /** By version; one whose circuit is closed everywhere is not in it. */
  async findOpen(
    tenantId: string,
    versionIds: readonly string[],
  ): Promise<ReadonlyMap<string, readonly OpenCircuit[]>> {
    const rows = await this.dataSource.query<(OpenCircuit & { versionId: string })[]>(OPEN_CIRCUITS, [
      tenantId,
      versionIds,
    ]);
    const found = new Map<string, OpenCircuit[]>();
    for (const { versionId, ...circuit } of rows)
      found.set(versionId, [...(found.get(versionId) ?? []), circuit]);
    return found;
  }

  /** Part of the caller's `ChangeBus.commit`: after it the version is asked again, on every replica. */
  close(manager: EntityManager, versionId: string): Promise<void> {
    return this.changeBus.publish(manager, { kind: CIRCUIT_CHANGE, id: versionId });
  }
}
