import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { BreakersModule } from '../breakers/breakers.module.js';
import { CallLogsModule } from '../call-logs/call-logs.module.js';
import { EffectsModule } from '../effects/effects.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { ResultsModule } from '../results/results.module.js';
import { EffectsOnce } from './effects-once.js';
import { NativeTools } from './native-tools.js';
import { ResultForAgent } from './result-for-agent.js';
import { RunningCalls } from './running-calls.js';
import { ToolExecutor } from './tool-executor.js';
import { ToolRunner } from './tool-runner.js';
import { ToolRegistry } from './tool-registry.js';
import { ToolThreads } from './tool-threads.js';

/** What tools there are, and the one way to run them. */
@Module({
  imports: [DiscoveryModule, CallLogsModule, LimitsModule, BreakersModule, EffectsModule, ResultsModule],
  providers: [
    ToolThreads,
    NativeTools,
    ToolRegistry,
    RunningCalls,
    ResultForAgent,
    EffectsOnce,
    ToolRunner,
    ToolExecutor,
  ],
  exports: [ToolRegistry, RunningCalls, ToolExecutor],
})
export class ToolsModule {}
