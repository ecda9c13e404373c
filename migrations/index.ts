import { Core1790000000000 } from './1790000000000-core.js';
import { Crm1790000100000 } from './1790000100000-crm.js';
import { Isolation1790000200000 } from './1790000200000-isolation.js';
import { Replicas1790000300000 } from './1790000300000-replicas.js';
import { Versions1790000400000 } from './1790000400000-versions.js';
import { IdempotencyKeys1790000450000 } from './1790000450000-idempotency-keys.js';
import { People1790000500000 } from './1790000500000-people.js';
import { Tenants1790000600000 } from './1790000600000-tenants.js';
import { KeyLifecycle1790000700000 } from './1790000700000-key-lifecycle.js';
import { TenantKeys1790000800000 } from './1790000800000-tenant-keys.js';
import { CallLogStorage1790000900000 } from './1790000900000-call-log-storage.js';
import { TamperEvidence1790001000000 } from './1790001000000-tamper-evidence.js';
import { CallPolicy1790001100000 } from './1790001100000-call-policy.js';
import { ResultsAndEffects1790001200000 } from './1790001200000-results-and-effects.js';
import { Jobs1790001300000 } from './1790001300000-jobs.js';
import { Agents1790001400000 } from './1790001400000-agents.js';
import { FairJobs1790001450000 } from './1790001450000-fair-jobs.js';
import { Notifications1790001500000 } from './1790001500000-notifications.js';
import { Consultants1790001600000 } from './1790001600000-consultants.js';
import { Automation1790001700000 } from './1790001700000-automation.js';
import { Numbers1790001800000 } from './1790001800000-numbers.js';
import { ConversationLists1790001900000 } from './1790001900000-conversation-lists.js';
import { FollowInOrder1790002000000 } from './1790002000000-follow-in-order.js';
import { TenantDeletions1790002200000 } from './1790002200000-tenant-deletions.js';
import { OwnRows1790002400000 } from './1790002400000-own-rows.js';
import { ProvenAddresses1790002410000 } from './1790002410000-proven-addresses.js';
import { InstallationSteps1790002700000 } from './1790002700000-installation-steps.js';
import { OwnRowsOnce1790020000000 } from './1790020000000-own-rows-once.js';
import { CallLogOfYears1790021000000 } from './1790021000000-call-log-of-years.js';
import { TrustedClock1790021000100 } from './1790021000100-trusted-clock.js';
import { JobsBehindSnapshots1790021000200 } from './1790021000200-jobs-behind-snapshots.js';
import { AgentReasoning1790022000000 } from './1790022000000-agent-reasoning.js';
import { KeyAppId1790024000000 } from './1790024000000-key-app-id.js';
import { OurFaults1790026000000 } from './1790026000000-our-faults.js';
import { ConsultantWords1790026000100 } from './1790026000100-consultant-words.js';
import { ShorterResults1790027000000 } from './1790027000000-shorter-results.js';
import { AutomationTroubles1790028000000 } from './1790028000000-automation-troubles.js';
import { CallLogMonths1790029000000 } from './1790029000000-call-log-months.js';
import { TreatmentPlans1790031000000 } from './1790031000000-treatment-plans.js';
import { SourceTools1790040000000 } from './1790040000000-source-tools.js';
import { Upstreams1790040000100 } from './1790040000100-upstreams.js';

/** Every migration, oldest first. One that is merged is never edited. */
export const migrations = [
  Core1790000000000,
  Crm1790000100000,
  Isolation1790000200000,
  Replicas1790000300000,
  Versions1790000400000,
  IdempotencyKeys1790000450000,
  People1790000500000,
  Tenants1790000600000,
  KeyLifecycle1790000700000,
  TenantKeys1790000800000,
  CallLogStorage1790000900000,
  TamperEvidence1790001000000,
  CallPolicy1790001100000,
  ResultsAndEffects1790001200000,
  Jobs1790001300000,
  Agents1790001400000,
  FairJobs1790001450000,
  Notifications1790001500000,
  Consultants1790001600000,
  Automation1790001700000,
  Numbers1790001800000,
  ConversationLists1790001900000,
  FollowInOrder1790002000000,
  TenantDeletions1790002200000,
  OwnRows1790002400000,
  ProvenAddresses1790002410000,
  InstallationSteps1790002700000,
  OwnRowsOnce1790020000000,
  CallLogOfYears1790021000000,
  TrustedClock1790021000100,
  JobsBehindSnapshots1790021000200,
  AgentReasoning1790022000000,
  KeyAppId1790024000000,
  OurFaults1790026000000,
  ConsultantWords1790026000100,
  ShorterResults1790027000000,
  AutomationTroubles1790028000000,
  CallLogMonths1790029000000,
  TreatmentPlans1790031000000,
  SourceTools1790040000000,
  Upstreams1790040000100,
] as const;
