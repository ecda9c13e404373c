import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { BreakersModule } from '../breakers/breakers.module.js';
import { CallLogsModule } from '../call-logs/call-logs.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { NativeTools } from './native-tools.js';
import { RunningCalls } from './running-calls.js';
import { ToolExecutor } from './tool-executor.js';
import { ToolRunner } from './tool-runner.js';
import { ToolRegistry } from './tool-registry.js';
import { ToolThreads } from './tool-threads.js';

/** What tools there are, and the one way to run them. */
@Module({
  imports: [DiscoveryModule, CallLogsModule, LimitsModule, BreakersModule],
  providers: [ToolThreads, NativeTools, ToolRegistry, RunningCalls, ToolRunner, ToolExecutor],
  exports: [ToolRegistry, RunningCalls, ToolExecutor],
})
export class ToolsModule {}
