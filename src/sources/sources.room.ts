import type { Room } from '../platform/room.js';
import { SourcesModule } from './sources.module.js';
import { UpstreamsModule, UpstreamsWorkModule } from './upstreams/upstreams.module.js';

export const sources: Room = { everywhere: [SourcesModule, UpstreamsModule], worker: [UpstreamsWorkModule] };
