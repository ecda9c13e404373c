import type { Cancellation } from '../platform/ending.js';
import type { Catalog } from '../groups/catalog.js';
import type { ToolCall } from '../tools/pipe/tool-call.js';
import type { ConnectedCaller } from './connected-caller.js';
import type { Visit } from './gate.js';

/** What one request, or one message on a connection, is served with: who calls, whose tools, over what. */
export type Exchange = {
  readonly caller: ConnectedCaller;
  readonly serverCode: string;
  /**
   * The group as it is now; asked anew right before every call.
   *
   * @throws {HttpRefusal} The group is gone or disabled, or the key does not open it any more.
   * @throws {UnavailableError} This replica may not serve: see `Replica`.
   */
  catalog(): Catalog;
  /** For a stream that is to stand longer than this exchange. */
  visit(): Visit;
  /** `X-Caller-App-Id`; without it, and without one of the key, the client's own name is recorded. */
  readonly appId: string | undefined;
  readonly transport: ToolCall['transport'];
  /** The header `Idempotency-Key` of the HTTP request that brought the message. */
  readonly idempotencyKey: string | undefined;
  /** Who this seems to be among those who hold the credential: the credential and the network address. Proves nothing. */
  readonly client: string;
  /** The client hung up, or said that it no longer waits for the answer. */
  readonly gone: Cancellation;
};
