import { ReplicaMeterModule } from './replicas/replica-meter.module.js';
import type { Room } from './room.js';

/** Besides `PlatformModule`, which every process begins with. */
export const platform: Room = { server: [ReplicaMeterModule], worker: [ReplicaMeterModule] };
