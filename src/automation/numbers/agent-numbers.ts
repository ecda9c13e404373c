import type { EntityManager } from 'typeorm';
import type { AgentNumbersDto, AgentVersionNumbersDto } from './agent-numbers.dto.js';
import { rate, toTenths } from './figures.js';

/** An open circuit keeps a request from being made; nothing was asked then. */
const MADE = `outcome <> 'circuit_open'`;
const LATENCY = `(avg(duration_ms) FILTER (WHERE outcome = 'ok'))::float8 AS average,
  percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms) FILTER (WHERE outcome = 'ok') AS p95`;
const COUNTS = `count(*) FILTER (WHERE ${MADE})::int AS requests, count(*) FILTER (WHERE outcome = 'ok')::int AS ok,
  count(*) FILTER (WHERE NOT ${MADE})::int AS kept`;
const IN_SPAN = 'tenant_id = $1 AND created_at >= $2 AND created_at < $3';

/** A run asks one question: as often and of as many versions as it takes. */
const SUMMARY = `SELECT ${COUNTS}, ${LATENCY}, count(DISTINCT run_id)::int AS questions,
    count(DISTINCT run_id) FILTER (WHERE outcome = 'ok')::int AS answered,
    count(*) FILTER (WHERE ${MADE} AND before = agent_version_id)::int AS retries,
    count(*) FILTER (WHERE ${MADE} AND before <> agent_version_id)::int AS failovers
  FROM (SELECT run_id, agent_version_id, outcome, duration_ms,
      lag(agent_version_id) OVER (PARTITION BY run_id ORDER BY id) AS before
    FROM agent_calls WHERE ${IN_SPAN}) AS calls`;

const BY_VERSION = `SELECT agent_id AS "agentId", agent_version_id AS "versionId", ${COUNTS}, ${LATENCY},
    (avg(first_text_ms))::float8 AS "firstText",
    percentile_cont(0.95) WITHIN GROUP (ORDER BY first_text_ms) AS "firstTextP95"
  FROM agent_calls WHERE ${IN_SPAN} GROUP BY 1, 2`;

/** As they are now; the worst that any replica says of a circuit. */
const VERSIONS = `SELECT a.id AS "agentId", a.name AS "agentName", a.enabled AND v.enabled AS enabled, v.id AS "versionId", v.label, v.weight,
    (SELECT CASE WHEN bool_or(c.state = 'open') THEN 'open' WHEN count(*) > 0 THEN 'half_open' ELSE 'closed' END
      FROM circuit_states c JOIN replicas r ON r.id = c.replica_id WHERE c.tenant_id = $1 AND c.tool_id = v.id) AS circuit,
    (SELECT created_at FROM agent_calls WHERE tenant_id = $1 AND agent_version_id = v.id AND outcome = 'ok'
      ORDER BY created_at DESC LIMIT 1) AS "lastAnswerAt"
  FROM agents a JOIN agent_versions v ON v.tenant_id = a.tenant_id AND v.agent_id = a.id
  WHERE a.tenant_id = $1 ORDER BY a.name, v.label`;

type Counts = {
  readonly requests: number;
  readonly ok: number;
  readonly kept: number;
  readonly average: number | null;
  readonly p95: number | null;
};
type Summary = Counts & {
  readonly questions: number;
  readonly answered: number;
  readonly retries: number;
  readonly failovers: number;
};
type OfVersion = Counts & {
  readonly agentId: string;
  readonly versionId: string;
  readonly firstText: number | null;
  readonly firstTextP95: number | null;
};
type Version = {
  readonly agentId: string;
  readonly agentName: string;
  readonly enabled: boolean;
  readonly versionId: string;
  readonly label: string;
  readonly weight: number;
  readonly circuit: 'closed' | 'half_open' | 'open';
  readonly lastAnswerAt: Date | null;
};
const NOTHING = {
  requests: 0,
  ok: 0,
  kept: 0,
  average: null,
  p95: null,
  firstText: null,
  firstTextP95: null,
};

/** What agents were asked in a time, and how they are now; one that was removed is still told of. */
export async function readAgents(
  manager: EntityManager,
  tenantId: string,
  { from, to }: { readonly from: Date; readonly to: Date },
): Promise<AgentNumbersDto> {
  const parameters = [tenantId, from, to];
  const [sum] = await manager.query<[Summary]>(SUMMARY, parameters);
  const asked = await manager.query<OfVersion[]>(BY_VERSION, parameters);
  const versions = await manager.query<Version[]>(VERSIONS, [tenantId]);
  const removed = asked.filter(
    ({ versionId }) => !versions.some((version) => version.versionId === versionId),
  );
  return {
    questions: sum.questions,
    answered: sum.answered,
    answer_rate: rate(sum.answered, sum.questions),
    requests: sum.requests,
    requests_ok: sum.ok,
    request_success_rate: rate(sum.ok, sum.requests),
    retries: sum.retries,
    failovers: sum.failovers,
    kept_by_circuit: sum.kept,
    average_ms: toTenths(sum.average),
    p95_ms: toTenths(sum.p95),
    versions: [
      ...versions.map((version) =>
        toVersion(
          version,
          asked.find(({ versionId }) => versionId === version.versionId),
        ),
      ),
      ...removed.map((numbers) => toVersion(undefined, numbers)),
    ],
  };
}

function toVersion(version: Version | undefined, numbers: OfVersion | undefined): AgentVersionNumbersDto {
  const { requests, ok, kept, ...times } = numbers ?? NOTHING;
  return {
    agent_id: (version ?? numbers)!.agentId,
    agent_name: version?.agentName ?? null,
    version_id: (version ?? numbers)!.versionId,
    version_label: version?.label ?? null,
    weight: version?.weight ?? null,
    enabled: version?.enabled ?? false,
    circuit: version?.circuit ?? null,
    last_answer_at: version?.lastAnswerAt?.toISOString() ?? null,
    requests,
    requests_ok: ok,
    request_success_rate: rate(ok, requests),
    kept_by_circuit: kept,
    average_ms: toTenths(times.average),
    p95_ms: toTenths(times.p95),
    first_text_average_ms: toTenths(times.firstText),
    first_text_p95_ms: toTenths(times.firstTextP95),
  };
}
