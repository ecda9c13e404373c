import type { Room } from '../platform/room.js';
import { SourcesModule } from './sources.module.js';

export const sources: Room = { everywhere: [SourcesModule] };
