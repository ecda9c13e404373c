import type { Room } from '../platform/room.js';
import { HealthModule } from './status/health.module.js';
import { ObservabilityModule } from './status/observability.module.js';

export const operations: Room = { server: [ObservabilityModule], worker: [HealthModule] };
