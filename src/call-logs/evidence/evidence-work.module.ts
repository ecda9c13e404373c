import { Module } from '@nestjs/common';
import { CheckpointDeliveries } from './checkpoint-deliveries.js';
import { Checkpointer } from './checkpointer.js';
import { EvidenceModule } from './evidence.module.js';

/** Signs checkpoints and brings them to where the operator keeps them. */
@Module({ imports: [EvidenceModule], providers: [CheckpointDeliveries, Checkpointer] })
export class EvidenceWorkModule {}
