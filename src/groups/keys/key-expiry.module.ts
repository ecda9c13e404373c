import { Module } from '@nestjs/common';
import { GroupsModule } from '../groups.module.js';
import { KeyExpiryChecks } from './key-expiry-checks.js';

/** For a process that serves: nobody else has standing connections. */
@Module({ imports: [GroupsModule], providers: [KeyExpiryChecks] })
export class KeyExpiryModule {}
