import { ConsultantProfile } from './consultant-profile.entity.js';
import { ConsultantSettings } from './consultant-settings.entity.js';
import { CustomerClaim } from './customer-claim.entity.js';
import { TreatmentPlanRevision } from './plans/treatment-plan-revision.entity.js';
import { TreatmentPlan } from './plans/treatment-plan.entity.js';

/** Lists the tables that this room owns. */
export const consultantsEntities = [
  ConsultantProfile,
  ConsultantSettings,
  CustomerClaim,
  TreatmentPlan,
  TreatmentPlanRevision,
] as const;
