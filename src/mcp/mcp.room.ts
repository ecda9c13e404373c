import type { Room } from '../platform/room.js';
import { McpModule } from './mcp.module.js';

export const mcp: Room = { server: [McpModule] };
