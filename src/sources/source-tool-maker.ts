import { Injectable } from '@nestjs/common';
import { cutText } from '../platform/cut-text.js';
import { InvalidInputError, UnavailableError } from '../platform/errors.js';
import { definitionFaults } from '../tools/definition-faults.js';
import type { JsonObject, ToolDefinition } from '../tools/tool-definition.js';
import { ToolRunners } from '../tools/tool-runners.js';
import type { SourceTool } from './source-tool.entity.js';

/** What a definition is made of. */
export type DefinedTool = Pick<
  SourceTool,
  'id' | 'tenantId' | 'source' | 'sourceId' | 'ownName' | 'toolName' | 'definition' | 'digest'
>;

/** What a source says of a tool, pinned. */
export type Said = Pick<SourceTool, 'definition' | 'digest'>;

const VERSION_CHARS = 12;

/**
 * Makes of a stored tool what the pipe runs: its pinned definition with the runner of its source behind it. All groups that have the tool
 * share one, and with it the compiled schemas, for as long as one of them uses it.
 */
@Injectable()
export class SourceToolMaker {
  private readonly made = new Map<string, WeakRef<ToolDefinition>>();
  private readonly forgotten = new FinalizationRegistry<string>((key) => {
    if (this.made.get(key)?.deref() === undefined) this.made.delete(key);
  });

  constructor(private readonly runners: ToolRunners) {}

  make(tool: DefinedTool): ToolDefinition {
    const key = `${tool.id} ${tool.digest}`;
    const known = this.made.get(key)?.deref();
    if (known) return known;
    const definition = this.define(tool, tool);
    this.made.set(key, new WeakRef(definition));
    this.forgotten.register(definition, key);
    return definition;
  }

  /** Why a tool cannot be served; null: it can. */
  faultOf(tool: Omit<DefinedTool, keyof Said>, said: Said): string | null {
    const faults = definitionFaults(this.define(tool, said));
    return faults.length === 0 ? null : faults.join('; ');
  }

  private define(tool: Omit<DefinedTool, keyof Said>, { definition, digest }: Said): ToolDefinition {
    const { id, tenantId, source, sourceId, ownName, toolName } = tool;
    const { title, description, inputSchema, outputSchema, annotations, _meta } = definition;
    const ref = { id, sourceId, ownName, tenantId, inputSchema };
    return {
      name: toolName,
      ...(title !== undefined && { title }),
      description: description ?? title ?? ownName,
      category: source,
      version: cutText(digest, VERSION_CHARS),
      source,
      origin: `${source} tool '${ownName}'`,
      inputSchema,
      ...(outputSchema !== undefined && { outputSchema }),
      ...(annotations !== undefined && { annotations }),
      ...(_meta !== undefined && { _meta }),
      clientCapabilities: [],
      parseConfig: noConfig,
      run: (args, context) => {
        const runner = this.runners.find(source);
        if (!runner) throw new UnavailableError(`Nothing here runs tools of kind '${source}'`);
        return runner.run(ref, args, context);
      },
    };
  }
}

function noConfig(configData: unknown): JsonObject {
  if (Object.keys(configData ?? {}).length === 0) return {};
  throw new InvalidInputError('This tool takes no config_data', {
    details: [{ field: 'config_data', message: 'must be empty' }],
  });
}
