import { Module } from '@nestjs/common';
import { ToolEffects } from './tool-effects.js';

/** Calls with side effects are made once, however often they are sent. */
@Module({ providers: [ToolEffects], exports: [ToolEffects] })
export class EffectsModule {}
