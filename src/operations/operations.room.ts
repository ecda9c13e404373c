import type { Room } from '../platform/room.js';
import { ClockModule } from './clock/clock.module.js';
import { HealthModule } from './status/health.module.js';
import { ObservabilityModule } from './status/observability.module.js';

export const operations: Room = { server: [ObservabilityModule], worker: [HealthModule, ClockModule] };
