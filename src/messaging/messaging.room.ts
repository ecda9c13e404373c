import type { Room } from '../platform/room.js';
import { AlertsModule } from './alerts/alerts.module.js';
import { LiveGatewayModule } from './live/live-gateway.module.js';
import { LiveModule } from './live/live.module.js';
import { NotificationsModule } from './notices/notifications.module.js';

export const messaging: Room = {
  everywhere: [AlertsModule, NotificationsModule, LiveModule],
  server: [LiveGatewayModule],
};
