import { DiscoveryService } from '@nestjs/core';
import type { z } from 'zod';
import type { CallerScope, ToolCaller } from '../access/caller.js';

/** Hints for clients about a tool's effects (MCP `ToolAnnotations`). A client must not trust them blindly. */
export type ToolAnnotations = {
  readonly title?: string;
  readonly readOnlyHint?: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint?: boolean;
};

/** What a tool may need from the client that calls it; a client that did not declare it is refused before the run. */
export type ClientCapability = 'elicitation' | 'sampling' | 'roots';

/** What the tool's author writes to. Goes to our log at debug level, and to a client that asked for log messages. */
export type ToolLogger = Readonly<Record<'debug' | 'info' | 'warning' | 'error', (message: string) => void>>;

/** What a tool method gets beside its arguments. */
export type ToolContext<Config = Readonly<Record<string, unknown>>> = {
  /** `caller.scope`: whose rows the call may see. The database shows no others, whatever is asked for. */
  readonly caller: ToolCaller;
  /** The group that it is called in. */
  readonly groupId: string;
  /** Whether the caller may call another tool of the group, now. Not in a thread, which knows nothing of groups. */
  readonly mayCall?: (toolName: string) => boolean;
  /** Bytes that a result may have; a longer one is cut. */
  readonly resultMaxBytes: number;
  /** The row's `config_data`, validated against the tool's `config` schema with its defaults filled in. */
  readonly config: Config;
  /** Aborts when the client hangs up or cancels, after the tool's timeout, and when the service stops. */
  readonly signal: AbortSignal;
  readonly logger: ToolLogger;
  /** Tells a client that asked for progress how far the work is; does nothing for others. */
  readonly progress: (done: number, total?: number, message?: string) => void;
};

export type McpToolOptions<
  Input extends z.ZodObject = z.ZodObject,
  Config extends z.ZodObject = z.ZodObject,
> = {
  /** Unique in the service; a letter, then up to 63 of `[A-Za-z0-9_-]`. */
  readonly name: string;
  /** Earlier names, under which it is called as well; it is listed once, under its own. */
  readonly aliases?: readonly string[];
  readonly title?: string;
  /** For the model: what the tool gives, when to use it. */
  readonly description: string;
  /** Groups the tools in the admin's list, e.g. `customer`. */
  readonly category: string;
  /** Semantic version of the tool's contract. */
  readonly version: string;
  /** Arguments. Every property needs `.describe(…)`. */
  readonly input: Input;
  /** Result, when its shape is promised. Checked on every call. */
  readonly output?: z.ZodObject;
  readonly annotations?: ToolAnnotations;
  /**
   * `own`: also for people who may see nothing but their own rows, customers above all; the database then hides the others.
   * Only for what is meant for that person's eyes. Default: `tenant`, and such people are not served the tool.
   */
  readonly scope?: CallerScope;
  /** Longest run in seconds unless the tool's row says otherwise. Default: `TOOL_TIMEOUT_SECONDS`. */
  readonly timeoutSeconds?: number;
  /** What an admin may set per group in `config_data`. */
  readonly config?: Config;
  /** What the client must be able to do; others are refused before the tool runs. */
  readonly clientCapabilities?: readonly ClientCapability[];
  /**
   * `worker`: the method runs in a thread of its own, on an instance made there without dependencies, so that a loop without
   * end, a crash or too much memory ends its own call only. For what computes: no database, no other provider.
   */
  readonly isolation?: 'worker';
  /** With `isolation`: `import.meta.url`, the module that exports the class. */
  readonly module?: string;
};

/** Where the registry finds the options of a decorated method. */
export const ToolMetadata = DiscoveryService.createDecorator<McpToolOptions>();

/**
 * Makes a method of a Nest provider a native tool. The method is called with `(args, ctx)`: the validated arguments
 * and a {@link ToolContext}. It returns data (an object, a list, a string) or a `ToolContent`; a thrown `AppError`
 * becomes an `isError` result whose text is the error's message. The compiler checks the method against the schemas.
 *
 * @example
 * ```ts
 * @McpTool({
 *   name: 'get_project_info', category: 'project', version: '1.0.0',
 *   description: 'Price range, duration and contraindications of one service of the catalogue.',
 *   input: z.object({ project_id: z.uuid().describe('Id of the project') }),
 *   annotations: { readOnlyHint: true },
 * })
 * getProjectInfo(args: { project_id: string }, ctx: ToolContext) {
 *   return this.projects.get(ctx.caller, args.project_id);
 * }
 * ```
 */
export function McpTool<Input extends z.ZodObject, Config extends z.ZodObject = z.ZodObject>(
  options: McpToolOptions<Input, Config>,
) {
  type Method = (args: z.output<Input>, ctx: ToolContext<z.output<Config>>) => unknown;
  return <M extends Method>(target: object, key: string, descriptor: TypedPropertyDescriptor<M>): void => {
    ToolMetadata(options as unknown as McpToolOptions)(target, key, descriptor as PropertyDescriptor);
  };
}
