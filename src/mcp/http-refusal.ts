/**
 * A request that is answered before it becomes a call: the HTTP status and the JSON-RPC error that goes with it.
 * `closes`: the rest of the request is not read, so the connection ends with the answer.
 */
export class HttpRefusal extends Error {
  readonly data?: unknown;
  readonly id?: string | number;
  readonly closes: boolean;

  constructor(
    readonly status: number,
    readonly code: number,
    message: string,
    options: { data?: unknown; id?: string | number; closes?: boolean } = {},
  ) {
    super(message);
    this.data = options.data;
    this.id = options.id;
    this.closes = options.closes ?? false;
  }
}
