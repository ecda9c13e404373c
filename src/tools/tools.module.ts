import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { BreakersModule } from './breakers/breakers.module.js';
import { CallLogsModule } from '../call-logs/call-logs.module.js';
import { EffectsModule } from './once/effects.module.js';
import { LimitsModule } from './limits/limits.module.js';
import { ResultsModule } from './long-results/results.module.js';
import { EffectsOnce } from './pipe/effects-once.js';
import { NativeTools } from './native/native-tools.js';
import { ResultForAgent } from './pipe/result-for-agent.js';
import { RunningCalls } from './pipe/running-calls.js';
import { ToolExecutor } from './pipe/tool-executor.js';
import { CallRunner } from './pipe/call-runner.js';
import { ToolRegistry } from './tool-registry.js';
import { ToolRunners } from './tool-runners.js';
import { ToolThreads } from './native/tool-threads.js';

/** What tools there are, and the one way to run them. */
@Module({
  imports: [DiscoveryModule, CallLogsModule, LimitsModule, BreakersModule, EffectsModule, ResultsModule],
  providers: [
    ToolThreads,
    NativeTools,
    ToolRegistry,
    ToolRunners,
    RunningCalls,
    ResultForAgent,
    EffectsOnce,
    CallRunner,
    ToolExecutor,
  ],
  exports: [ToolRegistry, ToolRunners, RunningCalls, ToolExecutor],
})
export class ToolsModule {}
