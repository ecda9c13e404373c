import { Injectable } from '@nestjs/common';
import {
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
} from '@modelcontextprotocol/server';
import { UnavailableError } from '../platform/errors.js';
import { SecretBox } from '../platform/secrets/secret-box.js';
import { Config } from '../platform/config.js';
import { listFor, scopeFor, toolFor } from '../groups/access-rules.js';
import type { Catalog, ListedTool } from '../groups/catalog.js';
import { ToolExecutor } from '../tools/pipe/tool-executor.js';
import type { ToolCall } from '../tools/pipe/tool-call.js';
import type { ToolResult } from '../tools/tool-result.js';
import { VERSION } from '../platform/version.js';
import type { Exchange } from './exchange.js';
import { ListCursors } from './list-cursors.js';
import { PageTexts, type ToolsPage } from './page-texts.js';
import { Progress } from './progress.js';
import { cutText } from '../platform/cut-text.js';

const CALLER_APP_MAX = 100; // characters

export const SERVER_INFO = { name: 'toolcrib', title: 'Toolcrib', version: VERSION } as const;

/** What the transport can do for a running call. */
export type CallHooks = Pick<ToolCall, 'ending' | 'era' | 'progress' | 'log' | 'idempotencyKey'> & {
  readonly clientName: string | undefined;
  /** What the client declared it can do; nothing, where there was no handshake to declare it in. */
  readonly clientCapabilities: object | undefined;
};

/** What a group answers, in no protocol era's dress: both lanes call these, so they cannot come to differ. */
@Injectable()
export class GroupMethods {
  private readonly pageTexts: PageTexts;
  private readonly cursors: ListCursors;

  constructor(
    private readonly executor: ToolExecutor,
    private readonly config: Config,
    secretBox: SecretBox,
  ) {
    this.cursors = new ListCursors(secretBox);
    this.pageTexts = new PageTexts(config.env.MCP_PAGE_SIZE);
  }

  /** `listChanged` and log messages only where there is a stream for them and a client can set their level. */
  capabilities(options: { readonly notifies: boolean }) {
    return options.notifies ? { tools: { listChanged: true }, logging: {} } : { tools: {} };
  }

  instructions(catalog: Catalog): string | undefined {
    return catalog.description === '' ? undefined : catalog.description;
  }

  get cacheHint() {
    return { ttlMs: this.config.env.MCP_LIST_TTL_MS, cacheScope: 'private' as const };
  }

  /** @throws {ProtocolError} The cursor is not one of ours. */
  listTools(exchange: Exchange, cursor: string | undefined): ToolsPage {
    const catalog = exchange.catalog();
    const listed = listFor(catalog, exchange.caller);
    return this.pageAt(catalog, listed, this.startOf(catalog, listed, cursor));
  }

  /**
   * The members of {@link listTools}' result as JSON, `"tools":[…]` and so on, without the braces; of what was written
   * out before, where possible.
   *
   * @throws {ProtocolError} The cursor is not one of ours.
   */
  listToolsJson(exchange: Exchange, cursor: string | undefined): Buffer {
    const catalog = exchange.catalog();
    const listed = listFor(catalog, exchange.caller);
    const start = this.startOf(catalog, listed, cursor);
    const page = this.pageAt(catalog, listed, start);
    return listed === catalog.listed ? this.pageTexts.shared(listed, start, page) : this.pageTexts.of(page);
  }

  private startOf({ groupId }: Catalog, listed: readonly ListedTool[], cursor: string | undefined): number {
    if (cursor === undefined || cursor === '') return 0; // clients that have no cursor send an empty one, too
    return firstAfter(listed, this.cursors.read(groupId, cursor));
  }

  private pageAt({ groupId }: Catalog, listed: readonly ListedTool[], start: number): ToolsPage {
    const size = this.config.env.MCP_PAGE_SIZE;
    const tools = listed.slice(start, start + size);
    const last = tools.at(-1);
    const more = last && start + size < listed.length;
    return more ? { tools, nextCursor: this.cursors.after(groupId, last.name) } : { tools };
  }

  /** @throws {ProtocolError} The group has no such tool, or the call log cannot be written. */
  async callTool(
    exchange: Exchange,
    params: { readonly name: string; readonly arguments?: unknown },
    hooks: CallHooks,
  ): Promise<ToolResult> {
    const asked = this.callOf(exchange, params.name, params.arguments, hooks);
    const { tool } = asked;
    const progress = asked.progress && new Progress(asked.progress, this.config.env.MCP_PROGRESS_INTERVAL_MS);
    const call = progress ? { ...asked, progress: progress.tell } : asked;
    try {
      const lacking = tool && findLacking(tool.definition.clientCapabilities, hooks.clientCapabilities);
      if (lacking) {
        await this.executor.refuse(call, lacking.message);
        throw lacking;
      }
      const outcome = await this.executor.execute(call);
      if (outcome.kind === 'result') return outcome.result;
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, outcome.message);
    } catch (error) {
      if (error instanceof UnavailableError)
        throw new ProtocolError(ProtocolErrorCode.InternalError, error.message);
      throw error;
    } finally {
      progress?.end();
    }
  }

  /** Puts a malformed `tools/call` on record; it is then answered as a protocol error. */
  async recordMalformedCall(
    exchange: Exchange,
    params: unknown,
    era: string,
    message: string,
  ): Promise<void> {
    const { name, arguments: args } = (params ?? {}) as { name?: unknown; arguments?: unknown };
    const toolName = typeof name === 'string' ? name : '';
    const call = this.callOf(exchange, toolName, args, { ending: exchange.gone, era });
    await this.executor.refuse(call, message);
  }

  private callOf(
    exchange: Exchange,
    toolName: string,
    args: unknown,
    hooks: Pick<CallHooks, 'ending' | 'era'> & Partial<CallHooks>,
  ): ToolCall {
    const { caller } = exchange;
    const catalog = exchange.catalog();
    const ofKey = caller.kind === 'group_key' ? caller.appId : undefined;
    const appId = ofKey ?? exchange.appId ?? hooks.clientName;
    const { ending, era, progress, log, idempotencyKey = exchange.idempotencyKey } = hooks; // of the message, before that of the request
    const tool = toolFor(catalog, caller, toolName);
    return {
      caller,
      tenantId: catalog.tenantId,
      groupId: catalog.groupId,
      policy: catalog.policy,
      toolName: tool?.definition.name ?? toolName,
      tool,
      scope: scopeFor(catalog, caller, tool),
      hasTool: (name) => toolFor(catalog, caller, name) !== undefined,
      args,
      ending,
      appId: appId === undefined ? null : cutText(appId, CALLER_APP_MAX),
      era,
      transport: exchange.transport,
      idempotencyKey,
      progress,
      log,
    };
  }
}

/** @see MCP 2026-07-28, -32021: a tool that needs what the client cannot do is not begun. */
function findLacking(
  needed: readonly string[],
  declared: object = {},
): MissingRequiredClientCapabilityError | undefined {
  const missing = needed.filter((name) => (declared as Record<string, unknown>)[name] === undefined);
  if (missing.length === 0) return undefined;
  const requiredCapabilities = Object.fromEntries(missing.map((name) => [name, {}]));
  return new MissingRequiredClientCapabilityError({ requiredCapabilities });
}

/** Where the page after a name begins. */
function firstAfter(listed: readonly ListedTool[], name: string): number {
  const index = listed.findIndex((tool) => tool.name > name);
  return index < 0 ? listed.length : index;
}
