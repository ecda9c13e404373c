import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { schemaHazards } from './schemas/schema-hazards.js';
import type { JsonObject, ToolDefinition } from './tool-definition.js';
import { lintToolSchema } from './schemas/tool-schema.js';
import { ProvidesTools, type ToolSource } from './tool-source.js';

/** MCP allows 128 characters; common LLM APIs refuse function names above 64. */
const TOOL_NAME = /^[A-Za-z0-9_.-]{1,64}$/;

/** Every tool this service can run, whether or not a group has it. Complete once the modules are initialised. */
@Injectable()
export class ToolRegistry implements OnModuleInit {
  private readonly byName = new Map<string, ToolDefinition>();

  constructor(private readonly discovery: DiscoveryService) {}

  /** @throws {Error} All that is wrong with the tools, in one message: duplicate or bad names, unusable schemas. */
  onModuleInit(): void {
    const problems = this.sources().flatMap((source) =>
      source.definitions().flatMap((tool) => this.add(tool)),
    );
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

  private sources(): ToolSource[] {
    return this.discovery
      .getProviders({ metadataKey: ProvidesTools.KEY })
      .map(({ instance }) => instance as ToolSource);
  }

  private add(tool: ToolDefinition): string[] {
    const twin = this.byName.get(tool.name);
    if (twin) return [`Two tools are named '${tool.name}': ${twin.origin} and ${tool.origin}; rename one`];
    this.byName.set(tool.name, tool);
    const problems = TOOL_NAME.test(tool.name)
      ? []
      : [`'${tool.name}' (${tool.origin}) is not a usable name; use 1 to 64 of A-Z a-z 0-9 _ . -`];
    for (const [what, schema] of [
      ['input', tool.inputSchema],
      ['output', tool.outputSchema],
      ['config', tool.configSchema],
    ] as const) {
      const faults = schema ? faultsOf(schema, tool) : [];
      problems.push(...faults.map((fault) => `${what} of '${tool.name}' (${tool.origin}): ${fault}`));
    }
    return problems;
  }
}

/** Our own authors also get to know what some client would not understand; of others' tools only what endangers us counts. */
function faultsOf(schema: JsonObject, { source }: ToolDefinition): string[] {
  return [...(source === 'native' ? lintToolSchema(schema) : []), ...schemaHazards(schema)];
}
