import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import type { z } from 'zod';
import { InvalidInputError, messageOf } from '../../platform/errors.js';
import { type McpToolOptions, type ToolContext, ToolMetadata } from '../mcp-tool.decorator.js';
import type { JsonObject, ToolDefinition } from '../tool-definition.js';
import { threadTargetOf } from './thread-target.js';
import { toToolSchema } from '../schemas/tool-schema.js';
import { ProvidesTools, type ToolSource } from '../tool-source.js';
import { ToolThreads } from './tool-threads.js';

type Provider = Record<string, (args: unknown, context: ToolContext) => unknown>;
type Runner = (args: JsonObject, context: ToolContext) => unknown;

/** Finds the methods decorated with `@McpTool` on all providers and makes tool definitions of them. */
@ProvidesTools()
@Injectable()
export class NativeTools implements ToolSource {
  readonly kind = 'native';

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly threads: ToolThreads,
  ) {}

  /** @throws {Error} A tool's schema cannot be expressed, or it cannot run in a thread; the message names the method. */
  definitions(): ToolDefinition[] {
    return this.discovery.getProviders().flatMap((wrapper) => this.toolsOf(wrapper));
  }

  private toolsOf(wrapper: InstanceWrapper): ToolDefinition[] {
    const provider = wrapper.instance as Provider | undefined;
    if (!provider || typeof provider !== 'object' || !wrapper.isDependencyTreeStatic()) return [];
    return this.scanner.getAllMethodNames(Object.getPrototypeOf(provider)).flatMap((method) => {
      const options = this.discovery.getMetadataByDecorator(ToolMetadata, wrapper, method);
      return options
        ? [define(options, originOf(provider, method), this.runnerOf(provider, method, options))]
        : [];
    });
  }

  private runnerOf(provider: Provider, method: string, options: McpToolOptions): Runner {
    if (options.isolation === undefined) return (args, context) => provider[method](args, context);
    try {
      const target = threadTargetOf(provider, method, options.module);
      return (args, context) => this.threads.run(target, args, context);
    } catch (cause) {
      const place = `'${options.name}' (${originOf(provider, method)})`;
      throw new Error(`Tool ${place} cannot run in a thread: ${messageOf(cause)}`, { cause });
    }
  }
}

function originOf(provider: Provider, method: string): string {
  return `${provider.constructor.name}.${method}`;
}

function define(options: McpToolOptions, origin: string, runner: Runner): ToolDefinition {
  const { input, output, config, clientCapabilities = [], isolation: _, module: _url, ...rest } = options;
  try {
    return {
      ...rest,
      source: 'native',
      origin,
      clientCapabilities,
      inputSchema: toToolSchema(input, 'input'),
      ...(output && { outputSchema: toToolSchema(output, 'output') }),
      ...(config && { configSchema: toToolSchema(config, 'input') }),
      parseConfig: (configData) => parse(config, configData ?? {}, 'config_data'),
      run: (args, context) => runner(parse(input, args, 'arguments'), context),
    };
  } catch (cause) {
    throw new Error(`The schema of tool '${options.name}' (${origin}) is not usable: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** Zod's own pass: fills defaults and checks what JSON Schema cannot say (refinements across fields). */
function parse(schema: z.ZodObject | undefined, value: unknown, what: string): JsonObject {
  if (!schema) {
    if (Object.keys(value as object).length === 0) return {};
    throw new InvalidInputError(`This tool takes no ${what}`, {
      details: [{ field: what, message: 'must be empty' }],
    });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues.map((issue) => ({
    field: issue.path.length > 0 ? issue.path.join('.') : what,
    message: issue.message,
  }));
  throw new InvalidInputError(
    `Invalid ${what}: ${details.map(({ field, message }) => `'${field}': ${message}`).join('; ')}`,
    { details },
  );
}
