import type { Room } from '../platform/room.js';
import { AutomationModule } from './automation.module.js';
import { AutomationNumbersModule } from './numbers/automation-numbers.module.js';
import { AutomationWatchModule } from './troubles/automation-watch.module.js';

export const automation: Room = {
  everywhere: [AutomationModule, AutomationNumbersModule],
  worker: [AutomationWatchModule],
};
