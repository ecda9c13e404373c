import { Module } from '@nestjs/common';
import { ReadResultTools } from './read-result.tools.js';
import { ResultStore } from './result-store.js';

/** Keeps what is cut off long results, for agents to read on. */
@Module({ providers: [ResultStore, ReadResultTools], exports: [ResultStore] })
export class ResultsModule {}
