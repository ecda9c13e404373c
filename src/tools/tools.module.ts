import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { CallLogsModule } from '../call-logs/call-logs.module.js';
import { NativeTools } from './native-tools.js';
import { ToolExecutor } from './tool-executor.js';
import { ToolRegistry } from './tool-registry.js';

/** What tools there are, and the one way to run them. */
@Module({
  imports: [DiscoveryModule, CallLogsModule],
  providers: [NativeTools, ToolRegistry, ToolExecutor],
  exports: [ToolRegistry, ToolExecutor],
})
export class ToolsModule {}
