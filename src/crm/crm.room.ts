import type { Room } from '../platform/room.js';
import { ConversationsModule } from './conversations.module.js';
import { CrmModule } from './crm.module.js';

export const crm: Room = { everywhere: [CrmModule, ConversationsModule] };
