import type { Room } from '../platform/room.js';
import { OidcModule } from './oidc/oidc.module.js';
import { AuthModule } from './sign-in/auth.module.js';
import { TenantsModule } from './tenants/tenants.module.js';
import { UsersModule } from './users/users.module.js';

export const auth: Room = { everywhere: [AuthModule, UsersModule, OidcModule, TenantsModule] };
