import { CallLogBatch } from './chain/call-log-batch.entity.js';
import {
  CallLogCheckpoint,
  CallLogDelivery,
  CallLogUncovered,
  CallLogSigningKey,
  CallLogKeyRotation,
} from './chain/call-log-checkpoint.entity.js';
import { CallLogRemoval } from './chain/call-log-removal.entity.js';
import { CallLog } from './chain/call-log.entity.js';
import { CallLogRetention } from './storage/call-log-retention.entity.js';

/** Lists the tables that this room owns. */
export const callLogsEntities = [
  CallLogBatch,
  CallLogCheckpoint,
  CallLogDelivery,
  CallLogUncovered,
  CallLogSigningKey,
  CallLogKeyRotation,
  CallLogRemoval,
  CallLog,
  CallLogRetention,
] as const;
