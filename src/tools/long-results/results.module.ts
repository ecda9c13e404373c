import { Module } from '@nestjs/common';
import { sweepOf } from '../../platform/sweep.js';
import { ReadResultTools } from './read-result.tools.js';
import { ResultStore } from './result-store.js';

const SWEEP_MS = 300_000;

/** Keeps what is cut off long results, for agents to read on. */
@Module({ providers: [ResultStore, ReadResultTools], exports: [ResultStore] })
export class ResultsModule {}

@Module({ imports: [ResultsModule], providers: [sweepOf(ResultStore, { pauseMs: SWEEP_MS })] })
export class ResultsSweepModule {}
