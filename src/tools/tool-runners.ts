import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { RunsTools, type ToolRunner } from './tool-runner.js';

/** Finds the runner of each kind of source. Complete once the modules are initialised. */
@Injectable()
export class ToolRunners implements OnModuleInit {
  private readonly byKind = new Map<string, ToolRunner>();

  constructor(private readonly discovery: DiscoveryService) {}

  /** @throws {Error} Two runners of one kind. */
  onModuleInit(): void {
    for (const { instance } of this.discovery.getProviders({ metadataKey: RunsTools.KEY })) {
      const runner = instance as ToolRunner;
      const twin = this.byKind.get(runner.kind);
      if (twin && twin !== runner) throw new Error(`Two runners of tools of kind '${runner.kind}'; keep one`);
      this.byKind.set(runner.kind, runner);
    }
  }

  find(kind: string): ToolRunner | undefined {
    return this.byKind.get(kind);
  }
}
