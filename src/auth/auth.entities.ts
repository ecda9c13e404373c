import { OidcIdentity } from './oidc/oidc-identity.entity.js';
import { OidcProvider } from './oidc/oidc-provider.entity.js';
import { OneTimeToken } from './sign-in/one-time-token.entity.js';
import { PersonalToken } from './sign-in/personal-token.entity.js';
import { RefreshToken } from './sign-in/refresh-token.entity.js';
import { SecondFactor } from './sign-in/second-factor.entity.js';
import { Session } from './sign-in/session.entity.js';
import { SignInAttempt } from './sign-in/sign-in-attempt.entity.js';
import { SignInSettings } from './sign-in/sign-in-settings.entity.js';
import { TenantJob } from './tenants/tenant-job.entity.js';

/** Lists the tables that this room owns. */
export const authEntities = [
  OidcIdentity,
  OidcProvider,
  OneTimeToken,
  PersonalToken,
  RefreshToken,
  SecondFactor,
  Session,
  SignInAttempt,
  SignInSettings,
  TenantJob,
] as const;
