import type { Room } from '../platform/room.js';
import { JobsWorkModule } from './jobs-work.module.js';
import { JobsModule } from './jobs.module.js';

export const jobs: Room = { everywhere: [JobsModule], worker: [JobsWorkModule] };
