import type { Room } from '../platform/room.js';
import { ResultsSweepModule } from './long-results/results.module.js';
import { EffectsSweepModule } from './once/effects.module.js';
import { ToolsModule } from './tools.module.js';

export const tools: Room = { everywhere: [ToolsModule], worker: [EffectsSweepModule, ResultsSweepModule] };
