import type { ExactNumber } from './exact-number.js';

/** The id of a request, as its answer gives it back; null where it cannot be told. */
export type RpcId = string | number | ExactNumber | null;

/** A JSON-RPC request whose shape was checked. */
export type RpcRequest = {
  readonly jsonrpc: '2.0';
  readonly id: NonNullable<RpcId>;
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
};

/** A JSON-RPC answer. Member order is the order it is written in. */
export type RpcAnswer =
  | { readonly jsonrpc: '2.0'; readonly id: RpcId; readonly result: unknown }
  | { readonly jsonrpc: '2.0'; readonly id: RpcId; readonly error: RpcError };

export type RpcError = { readonly code: number; readonly message: string; readonly data?: unknown };
