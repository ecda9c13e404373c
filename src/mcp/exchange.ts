import type { GroupKeyCaller } from '../auth/caller.js';
import type { Catalog } from '../groups/catalog.js';
import type { ToolCall } from '../tools/tool-executor.js';

/** What one request (or one connection) is served with: who calls, whose tools, over what. */
export type Exchange = {
  readonly caller: GroupKeyCaller;
  /** The group as it is now; asked anew for every message of a long-lived connection. */
  catalog(): Catalog;
  /** `X-Caller-App-Id`; without it the client's own name is recorded. */
  readonly appId: string | undefined;
  readonly transport: ToolCall['transport'];
  /** Aborts when the client hangs up. */
  readonly signal: AbortSignal;
};
