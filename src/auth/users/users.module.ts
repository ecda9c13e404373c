import { Module } from '@nestjs/common';
import { AuthModule } from '../sign-in/auth.module.js';
import { AddressProofService } from './address-proof.service.js';
import { RegistrationController } from './registration.controller.js';
import { RegistrarController } from './registrar.controller.js';
import { RegistrarService } from './registrar.service.js';
import { RegistrationService } from './registration.service.js';
import { SignInSettingsService } from './sign-in-settings.service.js';
import { UserAccess } from './user-access.service.js';
import { NewCustomers } from './new-customers.js';
import { OpenTenantsService } from './open-tenants.service.js';
import { UserSignInsService } from './user-sign-ins.service.js';
import { UsersController } from './users.controller.js';
import { UsersService } from './users.service.js';

/** The people of a tenant: administering them, and registering oneself. */
@Module({
  imports: [AuthModule],
  controllers: [UsersController, RegistrationController, RegistrarController],
  providers: [
    UsersService,
    UserAccess,
    UserSignInsService,
    OpenTenantsService,
    NewCustomers,
    RegistrarService,
    RegistrationService,
    AddressProofService,
    SignInSettingsService,
  ],
  exports: [UsersService],
})
export class UsersModule {}
