import type { Room } from '../platform/room.js';
import { AgentsModule } from './agents.module.js';

export const agents: Room = { everywhere: [AgentsModule] };
