import { createHash } from 'node:crypto';
import type { Caller, UserCaller } from '../caller.js';

/** Whom a switch may be on for; of a person, no more is asked. */
export type Subject = Caller | Pick<UserCaller, 'kind' | 'tenantId' | 'userId' | 'roles'>;

const BUCKETS = 10_000;

/** What of a switch decides. */
export type FeatureRule = {
  readonly name: string;
  readonly enabled: boolean;
  readonly percentage: number;
  readonly roles: readonly string[];
};

/** Why a switch is not on for somebody. */
export type OffReason = 'off' | 'roles' | 'percentage';

/**
 * Whether a switch is on for a caller: it is on at all, the caller has one of its roles (if it names any; only people have
 * roles), and the caller's share of the rollout has come.
 */
export function isOnFor(rule: FeatureRule, caller: Subject): boolean {
  return offReason(rule, caller) === null;
}

/** @returns Null: it is on. */
export function offReason(rule: FeatureRule, caller: Subject): OffReason | null {
  if (!rule.enabled) return 'off';
  if (rule.roles.length > 0) {
    if (caller.kind !== 'user' || !rule.roles.some((role) => caller.roles.includes(role))) return 'roles';
  }
  return bucketOf(rule.name, subjectOf(caller)) < rule.percentage * (BUCKETS / 100) ? null : 'percentage';
}

/**
 * The place of a subject in the rollout of a feature, 0 to 9999: the first four bytes of SHA-256 over `feature:subject` as a
 * number, modulo 10,000. Below `percentage` × 100 the feature is on. The place never changes and differs from feature to
 * feature, so raising the percentage takes nobody out, and it is not always the same people who come first.
 */
export function bucketOf(feature: string, subject: string): number {
  return createHash('sha256').update(`${feature}:${subject}`).digest().readUInt32BE(0) % BUCKETS;
}

/** Who is counted: a person; an application by its group, so that a new key changes nothing; a job by its tenant. */
function subjectOf(caller: Subject): string {
  if (caller.kind === 'user') return caller.userId;
  return caller.kind === 'group_key' ? caller.groupId : caller.tenantId;
}
