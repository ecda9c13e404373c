import { Module } from '@nestjs/common';
import { AuthModule } from '../sign-in/auth.module.js';
import { UsersModule } from '../users/users.module.js';
import { OidcClient } from './oidc-client.js';
import { OidcFlows } from './oidc-flow.js';
import { OidcIdentitiesController } from './oidc-identities.controller.js';
import { OidcIdentities } from './oidc-identities.service.js';
import { OidcPeople } from './oidc-people.service.js';
import { OidcProvidersController } from './oidc-providers.controller.js';
import { OidcProvidersService } from './oidc-providers.service.js';
import { OidcSignInController } from './oidc-sign-in.controller.js';
import { OidcSignIn } from './oidc-sign-in.service.js';

/** Signing in with outside OpenID providers, and administering them. */
@Module({
  imports: [AuthModule, UsersModule],
  controllers: [OidcProvidersController, OidcIdentitiesController, OidcSignInController],
  providers: [OidcClient, OidcFlows, OidcIdentities, OidcPeople, OidcProvidersService, OidcSignIn],
})
export class OidcModule {}
