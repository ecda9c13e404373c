import { Module } from '@nestjs/common';
import { sweepOf } from '../../platform/sweep.js';
import { ToolEffects } from './tool-effects.js';

const SWEEP_MS = 3_600_000;

/** Calls with side effects are made once, however often they are sent. */
@Module({ providers: [ToolEffects], exports: [ToolEffects] })
export class EffectsModule {}

@Module({ imports: [EffectsModule], providers: [sweepOf(ToolEffects, { pauseMs: SWEEP_MS })] })
export class EffectsSweepModule {}
