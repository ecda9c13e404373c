import { ApiProperty } from '@nestjs/swagger';
import type { EntityManager } from 'typeorm';
import { average, type BucketCount, percentile, callsUpTo } from '../../call-logs/statistics/durations.js';
import { addSpan } from '../../call-logs/statistics/spans.js';
import { Condition } from '../../call-logs/search/call-filter.js';
import { AutomationSetting } from '../automation-setting.entity.js';
import { DEFAULTS } from '../automation-settings.js';
import { rate } from './figures.js';

/** What the product is to stay below. */
const QUICK_MS = 500;
const HOUR_MS = 3_600_000;
const OFF = 'off by less than 5 %';

const GROUPS = `SELECT g.id FROM mcp_tool_groups g WHERE g.tenant_id = $1 AND ($2::uuid IS NULL OR g.id = $2)
  AND ($2::uuid IS NOT NULL OR NOT EXISTS (SELECT FROM unnest($3::varchar[]) AS needed(name)
    WHERE NOT EXISTS (SELECT FROM mcp_tools t WHERE t.tenant_id = $1 AND t.group_id = g.id AND t.tool_name = needed.name)))`;
const AS_OF = `SELECT updated_at AS "asOf" FROM call_log_positions WHERE follower = 'statistics'`;
const sums = (
  where: string,
): string => `SELECT tool_name AS tool, bucket, sum(calls)::float8 AS calls, sum(errors)::float8 AS errors,
    sum(coalesce(faults, errors))::float8 AS faults
  FROM call_log_stats WHERE ${where} GROUP BY 1, 2 ORDER BY 1, 2`;

type Calls = Pick<McpCallsDto, keyof McpCallsDto>;
type Line = BucketCount & { readonly tool: string; readonly errors: number; readonly faults: number };

class McpCallsDto {
  @ApiProperty({ example: 214 })
  calls: number;

  @ApiProperty({ example: 1 })
  errors: number;

  @ApiProperty({ example: 0, description: 'Of the errors, those that are no mistake of the caller' })
  faults: number;

  @ApiProperty({ type: Number, nullable: true, example: 0.004673, description: '0 to 1; null: no calls' })
  error_rate: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 8.4, description: OFF })
  average_ms: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 21.2, description: OFF })
  p95_ms: number | null;
}

export class McpToolNumbersDto extends McpCallsDto {
  @ApiProperty({ example: 'get_user_profile', description: '(none): refused before there was a tool' })
  tool: string;
}

export class McpNumbersDto extends McpCallsDto {
  @ApiProperty({
    type: Number,
    nullable: true,
    example: 0.995327,
    description:
      'Without a fault of ours and within 500 ms (476 ms, as the call log counts), of all calls. Wrong arguments of an agent are none',
  })
  quick_ok_rate: number | null;

  @ApiProperty({
    type: [String],
    format: 'uuid',
    description: 'The tool group of the settings, else those that hold all of the required tools',
  })
  group_ids: string[];

  @ApiProperty({
    format: 'date-time',
    example: '2026-10-18T22:00:00.000Z',
    description: 'Whole hours, in UTC',
  })
  from: string;

  @ApiProperty({ format: 'date-time', example: '2026-10-25T23:00:00.000Z' })
  to: string;

  @ApiProperty({
    format: 'date-time',
    example: '2026-10-25T07:30:01.500Z',
    description: 'When calls were last added up; later ones are missing',
  })
  as_of: string;

  @ApiProperty({ type: [McpToolNumbersDto], description: 'Most calls first' })
  tools: McpToolNumbersDto[];
}

/** Calls of the tools that agents use, from the sums of the call log. */
export async function readMcp(
  manager: EntityManager,
  tenantId: string,
  period: { readonly from: Date; readonly to: Date },
): Promise<McpNumbersDto> {
  const { groupId, requiredTools } = (await manager.findOneBy(AutomationSetting, { tenantId })) ?? DEFAULTS;
  const groups = await manager.query<{ id: string }[]>(GROUPS, [tenantId, groupId, requiredTools]);
  const groupIds = groups.map(({ id }) => id).toSorted();
  const from = new Date(Math.floor(period.from.getTime() / HOUR_MS) * HOUR_MS);
  const to = new Date(Math.ceil(period.to.getTime() / HOUR_MS) * HOUR_MS);
  const condition = new Condition()
    .and(`tenant_id = ? AND sums = 'group_tool'`, tenantId)
    .and('group_id = ANY (?)', groupIds);
  addSpan(condition, { from, to, byHour: false });
  const lines = await manager.query<Line[]>(sums(condition.sql), condition.parameters);
  const [{ asOf }] = await manager.query<[{ asOf: Date }]>(AS_OF);
  const tools = [...new Set(lines.map(({ tool }) => tool))];
  return {
    ...toCalls(lines),
    quick_ok_rate: quickRate(lines),
    group_ids: groupIds,
    from: from.toISOString(),
    to: to.toISOString(),
    as_of: asOf.toISOString(),
    tools: tools
      .map((tool) => ({ tool, ...toCalls(lines.filter((line) => line.tool === tool)) }))
      .toSorted((a, b) => b.calls - a.calls),
  };
}

function toCalls(lines: readonly Line[]): Calls {
  const calls = lines.reduce((sum, line) => sum + line.calls, 0);
  const errors = lines.reduce((sum, line) => sum + line.errors, 0);
  const faults = lines.reduce((sum, line) => sum + line.faults, 0);
  const counts = lines.toSorted((a, b) => a.bucket - b.bucket);
  return {
    calls,
    errors,
    faults,
    error_rate: rate(errors, calls),
    average_ms: average(counts),
    p95_ms: percentile(counts, 0.95),
  };
}

function quickRate(lines: readonly Line[]): number | null {
  const calls = lines.reduce((sum, line) => sum + line.calls, 0);
  const good = lines.map(({ bucket, calls: all, faults }) => ({ bucket, calls: all - faults }));
  return rate(callsUpTo(good, QUICK_MS), calls);
}
