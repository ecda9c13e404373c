import { Module } from '@nestjs/common';
import { CallLogsModule } from '../call-logs.module.js';
import { CheckpointsService } from './checkpoints.service.js';
import { ErasureService } from './erasure.service.js';
import { EvidenceController } from './evidence.controller.js';
import { GenuineCheckpoints } from './genuine-checkpoints.js';
import { ProofsService } from './proofs.service.js';

/** That the call log is what was written: checkpoints, proofs, erasure, verification. */
@Module({
  imports: [CallLogsModule],
  controllers: [EvidenceController],
  providers: [GenuineCheckpoints, CheckpointsService, ErasureService, ProofsService],
  exports: [GenuineCheckpoints, CheckpointsService],
})
export class EvidenceModule {}
