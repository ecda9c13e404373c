import type { Room } from '../platform/room.js';
import { ConfigurationModule } from './configuration/configuration.module.js';
import { GroupsModule } from './groups.module.js';
import { KeyExpiryModule } from './keys/key-expiry.module.js';

export const groups: Room = {
  everywhere: [GroupsModule, ConfigurationModule],
  server: [KeyExpiryModule],
};
