import { Module } from '@nestjs/common';
import { ReplicaMeter } from './replica-meter.js';

/** What a process that stays tells of itself. */
@Module({ providers: [ReplicaMeter] })
export class ReplicaMeterModule {}
