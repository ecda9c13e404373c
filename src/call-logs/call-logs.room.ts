import type { Room } from '../platform/room.js';
import { CallLogsWorkModule } from './call-logs-work.module.js';
import { CallLogsModule } from './call-logs.module.js';
import { EvidenceWorkModule } from './evidence/evidence-work.module.js';
import { EvidenceModule } from './evidence/evidence.module.js';

export const callLogs: Room = {
  everywhere: [CallLogsModule, EvidenceModule],
  worker: [CallLogsWorkModule, EvidenceWorkModule],
};
