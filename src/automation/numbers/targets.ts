import { ApiProperty } from '@nestjs/swagger';

export const RESPONSE_TARGET_SECONDS = 300;
export const CLAIM_TARGET_SECONDS = 600;

const RESULTS = ['met', 'missed', 'no_data'] as const;

/** What the product is to reach. A name is that of the number, as the rest of the answer has it. */
const TARGETS = [
  { name: 'runs.success_rate', atLeast: 0.99 },
  { name: 'runs.average_ms', atMost: 3000 },
  { name: 'mcp.quick_ok_rate', atLeast: 0.999 },
  { name: 'agents.answer_rate', atLeast: 0.95 },
  { name: 'notifications.delivery_rate', atLeast: 0.99 },
  { name: 'first_response.median_seconds', atMost: RESPONSE_TARGET_SECONDS },
  { name: 'conversion.rate', atLeast: 0.8 },
  { name: 'claims.median_seconds', atMost: CLAIM_TARGET_SECONDS },
] as const;

export type TargetName = (typeof TARGETS)[number]['name'];

export class TargetDto {
  @ApiProperty({ enum: TARGETS.map(({ name }) => name), example: 'runs.success_rate' })
  name: TargetName;

  @ApiProperty({ enum: ['at_least', 'at_most'], example: 'at_least' })
  must_be: 'at_least' | 'at_most';

  @ApiProperty({ example: 0.99, description: 'In the unit of the number: rates are 0 to 1' })
  target: number;

  @ApiProperty({ type: Number, nullable: true, example: 0.990826 })
  value: number | null;

  @ApiProperty({ enum: RESULTS, example: 'met' })
  result: (typeof RESULTS)[number];
}

/** @param values Of all targets, or of some; the others are left out. */
export function compare(values: Readonly<Partial<Record<TargetName, number | null>>>): TargetDto[] {
  return TARGETS.flatMap(({ name, ...limit }) => {
    const value = values[name];
    if (value === undefined) return [];
    const isMin = 'atLeast' in limit;
    const target = isMin ? limit.atLeast : limit.atMost;
    const isMet = value !== null && (isMin ? value >= target : value <= target);
    return {
      name,
      must_be: isMin ? 'at_least' : 'at_most',
      target,
      value,
      result: value === null ? 'no_data' : isMet ? 'met' : 'missed',
    };
  });
}
