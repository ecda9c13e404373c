/** How an upstream is spoken to. */
export const TRANSPORTS = ['stdio', 'http', 'sse', 'ws'] as const;
export type UpstreamTransport = (typeof TRANSPORTS)[number];

/** What may hold `${NAME}`: see `expand-variables.ts`. */
export type UpstreamTarget = {
  readonly command: string | null;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | null;
  readonly url: string | null;
  readonly headers: Readonly<Record<string, string>>;
};
