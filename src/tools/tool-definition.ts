import type { CallerScope } from '../access/caller.js';
import type { ClientCapability, ToolAnnotations, ToolContext } from './mcp-tool.decorator.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** A tool as its source defines it, before any group's settings. Immutable; made once per version of it. */
export type ToolDefinition = {
  readonly name: string;
  /** Names that it is called by as well. */
  readonly aliases?: readonly string[];
  readonly title?: string;
  readonly description: string;
  readonly category: string;
  readonly version: string;
  /** Kind of source: `native`, `upstream`, `http`, `plugin`, `builtin`. */
  readonly source: string;
  /** Where it is defined, for messages to developers: `CustomerTools.getUserProfile`. */
  readonly origin: string;
  /** JSON Schema 2020-12, as clients see it: type object, every property described. */
  readonly inputSchema: JsonObject;
  readonly outputSchema?: JsonObject;
  readonly configSchema?: JsonObject;
  readonly annotations?: ToolAnnotations;
  /** For clients, as the source says it: MCP Apps keep their page's address here. */
  readonly _meta?: JsonObject;
  /** `own`: also for people who may see their own rows only. Absent: `tenant`. */
  readonly scope?: CallerScope;
  readonly timeoutSeconds?: number;
  readonly clientCapabilities: readonly ClientCapability[];
  /**
   * Checks a row's `config_data` and fills in defaults.
   * @throws {InvalidInputError} Names each wrong field.
   */
  parseConfig(configData: unknown): JsonObject;
  /** Runs the tool. `args` fit `inputSchema`. Whatever it throws becomes an `isError` result. */
  run(args: JsonObject, context: ToolContext): unknown;
};
