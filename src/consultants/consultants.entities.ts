import { ConsultantProfile } from './consultant-profile.entity.js';
import { ConsultantSettings } from './consultant-settings.entity.js';
import { CustomerClaim } from './customer-claim.entity.js';

/** Lists the tables that this room owns. */
export const consultantsEntities = [ConsultantProfile, ConsultantSettings, CustomerClaim] as const;
