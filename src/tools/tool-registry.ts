import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { messageOf } from '../platform/errors.js';
import { definitionFaults } from './definition-faults.js';
import type { ToolDefinition } from './tool-definition.js';
import { ProvidesTools, type ToolSource } from './tool-source.js';

/** The kind of source whose tools are methods of this service. */
const OWN = 'native';

/** Every tool this service can run, whether or not a group has it. Complete once the modules are initialised. */
@Injectable()
export class ToolRegistry implements OnModuleInit {
  private readonly logger = new Logger(ToolRegistry.name);
  private readonly byName = new Map<string, ToolDefinition>();
  private readonly registeredAtOf = new Map<string, Date>();

  constructor(private readonly discovery: DiscoveryService) {}

  /**
   * A tool of our own that is wrong is a bug and stops the start. Of what comes from elsewhere it is left out, with its reason in
   * the log, and takes no other with it.
   *
   * @throws {Error} All that is wrong with our own tools, in one message: duplicate or bad names, unusable schemas.
   */
  onModuleInit(): void {
    const problems = this.sources().flatMap((source) => this.addAll(source));
    if (problems.length > 0) {
      throw new Error(
        `Some tools cannot be served:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
      );
    }
  }

  /** Sorted by name. */
  definitions(): readonly ToolDefinition[] {
    return [...this.byName.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  find(name: string): ToolDefinition | undefined {
    return this.byName.get(name);
  }

  /** When this process took the tool in. */
  registeredAt(name: string): Date | undefined {
    return this.registeredAtOf.get(name);
  }

  /** Our own first: a tool from elsewhere takes no name away from them. */
  private sources(): ToolSource[] {
    const sources = this.discovery
      .getProviders({ metadataKey: ProvidesTools.KEY })
      .map(({ instance }) => instance as ToolSource);
    return sources.toSorted((one, other) => Number(other.kind === OWN) - Number(one.kind === OWN));
  }

  /** @returns What is wrong with our own tools. */
  private addAll(source: ToolSource): string[] {
    if (source.kind === OWN) return source.definitions().flatMap((tool) => this.add(tool));
    const faults = definitionsOf(source).flatMap((tool) =>
      typeof tool === 'string' ? [tool] : this.add(tool),
    );
    for (const fault of faults) this.logger.warn(`A tool is left out: ${fault}`);
    return [];
  }

  private add(tool: ToolDefinition): string[] {
    const twin = this.byName.get(tool.name);
    if (twin) return [`Two tools are named '${tool.name}': ${twin.origin} and ${tool.origin}; rename one`];
    const faults = definitionFaults(tool);
    if (faults.length > 0) return faults;
    this.byName.set(tool.name, tool);
    this.registeredAtOf.set(tool.name, new Date());
    return [];
  }
}

function definitionsOf(source: ToolSource): readonly (ToolDefinition | string)[] {
  try {
    return source.definitions();
  } catch (error) {
    return [`the source '${source.kind}' says none: ${messageOf(error)}`];
  }
}
