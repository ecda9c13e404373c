import type { Room } from '../platform/room.js';
import { ConsultantsModule } from './consultants.module.js';

export const consultants: Room = { everywhere: [ConsultantsModule] };
