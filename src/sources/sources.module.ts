import { Module } from '@nestjs/common';
import { ToolsModule } from '../tools/tools.module.js';
import { SourceToolApprovals } from './source-tool-approvals.js';
import { SourceToolListeners } from './source-tool-listeners.js';
import { SourceToolMaker } from './source-tool-maker.js';
import { SourceToolsController } from './source-tools.controller.js';
import { SourceTools } from './source-tools.js';
import { ToolDirectory } from './tool-directory.js';

/** Tools that tenants bring: stored, pinned by digest, approved, and found beside those of this build. */
@Module({
  imports: [ToolsModule],
  controllers: [SourceToolsController],
  providers: [SourceToolMaker, SourceToolListeners, SourceTools, SourceToolApprovals, ToolDirectory],
  exports: [SourceToolMaker, SourceToolListeners, SourceTools, SourceToolApprovals, ToolDirectory],
})
export class SourcesModule {}
