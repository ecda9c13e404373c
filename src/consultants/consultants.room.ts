import type { Room } from '../platform/room.js';
import { ConsultantsModule } from './consultants.module.js';
import { PlansModule } from './plans/plans.module.js';

export const consultants: Room = { everywhere: [ConsultantsModule, PlansModule] };
