import { ApiProperty } from '@nestjs/swagger';
import { type Evidence, PLAN_RULES, type RuleStep } from './plan-case.js';
import type { PlanChange } from './plan-changes.js';
import {
  FALLBACK_REASONS,
  type FallbackReason,
  PLAN_MAKERS,
  PLAN_STATES,
  type PlanMaker,
  type PlanState,
} from './plan-state.js';

const DAY = { example: '2026-09-01' };
const MAYBE_DAY = { type: String, nullable: true, ...DAY };
const MAYBE_ID = { type: String, format: 'uuid', nullable: true };
const TABLES = [
  'projects',
  'customer_profiles',
  'customer_preferences',
  'consultations',
  'treatments',
  'users',
  'request',
] as const;
const DID = ['removed', 'reduced', 'moved', 'chosen', 'refused'] as const;
const CHANGES = ['added', 'removed', 'changed'] as const;

class EvidenceDto {
  @ApiProperty({ enum: TABLES, description: 'request: said by whoever asked for the plan' })
  table: Evidence['table'];

  @ApiProperty({ type: String, nullable: true, description: 'Of the row' })
  id: string | null;

  @ApiProperty({ example: 'allergies' })
  field: string;

  @ApiProperty({ example: 'lidocaine' })
  value: string;
}

class PlannedServiceDto {
  @ApiProperty()
  id: string;

  @ApiProperty({ example: 'hydra-facial' })
  code: string;

  @ApiProperty()
  name: string;
}

class PlanLineDto {
  @ApiProperty({ type: PlannedServiceDto })
  service: PlannedServiceDto;

  @ApiProperty({ type: [String], description: 'Days of the sessions' })
  sessions: string[];

  @ApiProperty()
  interval_days: number;

  @ApiProperty({ description: 'Of one session' })
  duration_minutes: number;

  @ApiProperty({ description: 'Of all sessions together' })
  price_min_cents: number;

  @ApiProperty({ description: 'Of all sessions together' })
  price_max_cents: number;

  @ApiProperty({ example: 'CNY' })
  currency: string;

  @ApiProperty({ type: [EvidenceDto], description: 'The rows that this line rests on' })
  because: EvidenceDto[];

  @ApiProperty({
    type: [String],
    description: 'Contraindications that the file does not speak of: to be asked before the first session',
  })
  ask_first: string[];
}

class PlanTotalDto {
  @ApiProperty()
  min_cents: number;

  @ApiProperty()
  max_cents: number;

  @ApiProperty({ example: 'CNY' })
  currency: string;
}

class RuleStepDto {
  @ApiProperty({ enum: [...PLAN_RULES, 'wanted'] })
  rule: RuleStep['rule'];

  @ApiProperty({ enum: DID })
  did: RuleStep['did'];

  @ApiProperty({ description: 'Code of the service' })
  service: string;

  @ApiProperty()
  text: string;

  @ApiProperty({ type: [EvidenceDto] })
  rows: EvidenceDto[];
}

class LineInShortDto {
  @ApiProperty({ type: [String] })
  sessions: string[];

  @ApiProperty()
  price_max_cents: number;
}

class PlanChangeDto {
  @ApiProperty({ description: 'Code of the service' })
  service: string;

  @ApiProperty({ enum: CHANGES })
  kind: PlanChange['kind'];

  @ApiProperty({ type: LineInShortDto, nullable: true })
  before: LineInShortDto | null;

  @ApiProperty({ type: LineInShortDto, nullable: true })
  after: LineInShortDto | null;

  @ApiProperty({ type: [String] })
  reasons: string[];
}

class WishesDto {
  @ApiProperty({ type: [String] })
  goals: string[];

  @ApiProperty({ type: Number, nullable: true, description: 'null: what the file says' })
  budget_max_cents: number | null;

  @ApiProperty(MAYBE_DAY)
  start_on: string | null;

  @ApiProperty(MAYBE_DAY)
  finish_by: string | null;

  @ApiProperty({ type: [String] })
  health_conditions: string[];

  @ApiProperty({ type: [String], description: 'Ids of services' })
  without_services: string[];
}

export class RevisionDto {
  @ApiProperty({ description: 'From 1, in each plan' })
  number: number;

  @ApiProperty({ type: Number, nullable: true, description: 'The revision that it was made of' })
  based_on: number | null;

  @ApiProperty({ enum: PLAN_MAKERS })
  made_by: PlanMaker;

  @ApiProperty(MAYBE_ID)
  agent_id: string | null;

  @ApiProperty(MAYBE_ID)
  agent_version_id: string | null;

  @ApiProperty({ enum: FALLBACK_REASONS, nullable: true, description: "Why no agent's proposal was taken" })
  fallback_reason: FallbackReason | null;

  @ApiProperty({ ...MAYBE_ID, description: 'null: an application asked for it' })
  created_by: string | null;

  @ApiProperty({ type: String, nullable: true })
  note: string | null;

  @ApiProperty({ type: WishesDto })
  wishes: WishesDto;

  @ApiProperty({ type: [PlanLineDto] })
  lines: PlanLineDto[];

  @ApiProperty({ type: PlanTotalDto })
  total: PlanTotalDto;

  @ApiProperty({ type: Number, nullable: true, description: 'What it had to keep to; null: nobody said' })
  budget_max_cents: number | null;

  @ApiProperty(MAYBE_DAY)
  first_on: string | null;

  @ApiProperty(MAYBE_DAY)
  last_on: string | null;

  @ApiProperty({ type: [RuleStepDto], description: 'How it came to be so, in order' })
  derivation: RuleStepDto[];

  @ApiProperty({ type: [PlanChangeDto], description: 'What differs from the revision that it was made of' })
  changes: PlanChangeDto[];

  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

export class PlanDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ format: 'uuid' })
  customer_id: string;

  @ApiProperty({ enum: PLAN_STATES })
  state: PlanState;

  @ApiProperty({ description: 'Number of the revision that counts now' })
  revision: number;

  @ApiProperty({ type: Number, nullable: true, description: 'Number of the revision that is in force' })
  approved_revision: number | null;

  @ApiProperty({ ...MAYBE_ID, description: 'Who approved or rejected last' })
  decided_by: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  decided_at: string | null;

  @ApiProperty({ type: String, nullable: true })
  decision_note: string | null;

  @ApiProperty({ type: RevisionDto, description: 'The revision that counts now' })
  content: RevisionDto;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time' })
  updated_at: string;

  @ApiProperty({ description: 'Grows with each change; also the ETag, for If-Match' })
  version: number;
}
