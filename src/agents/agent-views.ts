import { Injectable } from '@nestjs/common';
import type { Caller } from '../access/caller.js';
import { AgentCircuits, type OpenCircuit } from './agent-circuits.js';
import type { OrderDto } from './agent-orders.dto.js';
import type { OrderWithAgents } from './agent-orders.service.js';
import type { AgentTest } from './agent-tester.js';
import type { AgentVersion } from './agent-version.entity.js';
import type { RevealedVersionDto, VersionDto } from './agent-versions.dto.js';
import type { AgentDto, AgentTestDto } from './agents.dto.js';
import type { AgentWithVersions } from './agents.service.js';

/** Agents as the REST API shows them: with the state of their circuits, without keys. */
@Injectable()
export class AgentViews {
  constructor(private readonly circuits: AgentCircuits) {}

  async ofAgents({ tenantId }: Caller, agents: readonly AgentWithVersions[]): Promise<AgentDto[]> {
    const ids = agents.flatMap(({ versions }) => versions.map(({ id }) => id));
    const open = await this.circuits.findOpen(tenantId, ids);
    return agents.map(({ agent, versions }) => ({
      id: agent.id,
      name: agent.name,
      description: agent.description,
      enabled: agent.enabled,
      reasoning: agent.reasoning,
      versions: versions.map((version) => toVersionDto(version, open.get(version.id))),
      version: agent.version,
      created_at: agent.createdAt.toISOString(),
      updated_at: agent.updatedAt.toISOString(),
    }));
  }

  async ofAgent(caller: Caller, agent: AgentWithVersions): Promise<AgentDto> {
    const [view] = await this.ofAgents(caller, [agent]);
    return view;
  }

  async ofVersion({ tenantId }: Caller, version: AgentVersion): Promise<VersionDto> {
    const open = await this.circuits.findOpen(tenantId, [version.id]);
    return toVersionDto(version, open.get(version.id));
  }

  async ofRevealed(
    caller: Caller,
    { key, row }: { readonly key: string; readonly row: AgentVersion },
  ): Promise<RevealedVersionDto> {
    return Object.assign(await this.ofVersion(caller, row), { api_key: key });
  }
}

function toVersionDto(row: AgentVersion, open: readonly OpenCircuit[] = []): VersionDto {
  return {
    id: row.id,
    agent_id: row.agentId,
    label: row.label,
    app_id: row.appId,
    base_url: row.baseUrl,
    key_prefix: row.keyPrefix,
    weight: row.weight,
    enabled: row.enabled,
    mode: row.mode,
    app_name: row.appName,
    inputs: row.inputs.map(({ maxLength, defaultValue, ...field }) => ({
      ...field,
      max_length: maxLength,
      default: defaultValue,
    })),
    checked_at: row.checkedAt?.toISOString() ?? null,
    problem: row.problem,
    open_circuits: open,
    version: row.version,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}

export function toOrderDto({ order, agents }: OrderWithAgents): OrderDto {
  return {
    id: order.id,
    purpose: order.purpose,
    agents: agents.map(({ id, name, enabled }) => ({ id, name, enabled })),
    version: order.version,
    created_at: order.createdAt.toISOString(),
    updated_at: order.updatedAt.toISOString(),
  };
}

export function toAgentTestDto({ version, answer, failure, durationMs }: AgentTest): AgentTestDto {
  return {
    ok: answer !== null,
    text: answer?.text ?? null,
    failure: failure && {
      kind: failure.kind,
      message: failure.message,
      status: failure.status ?? null,
      code: failure.code ?? null,
    },
    version_id: version.id,
    version_label: version.label,
    mode: answer?.mode ?? version.mode,
    message_id: answer?.messageId ?? null,
    conversation_id: answer?.conversationId ?? null,
    usage: answer?.usage ?? null,
    first_text_ms: answer?.firstTextMs ?? null,
    duration_ms: durationMs,
  };
}
