/** What every REST route answers with: `{ success, data, message }`. */
export type Envelope<T> = { readonly success: true; readonly data: T; readonly message: string };

/** The answer to an admin's change: the next call of an agent already sees it. */
export type ChangeEnvelope<T> = Envelope<T> & { readonly effective_immediately: true };

/** One page of a list. `next_cursor` is opaque and null on the last page. */
export type PageInfo = { readonly limit: number; readonly next_cursor: string | null };
export type PageEnvelope<T> = {
  readonly success: true;
  readonly data: readonly T[];
  readonly page: PageInfo;
};

export type ErrorEnvelope = {
  readonly success: false;
  readonly message: string;
  readonly error: { readonly code: string; readonly details?: unknown };
};

export function ok<T>(data: T, message = 'OK'): Envelope<T> {
  return { success: true, data, message };
}

export function changed<T>(data: T, message = 'Changed'): ChangeEnvelope<T> {
  return { ...ok(data, message), effective_immediately: true };
}

export function pageOf<T>(page: Page<T>): PageEnvelope<T> {
  return { success: true, data: page.items, page: { limit: page.limit, next_cursor: page.nextCursor } };
}

/** What a service's `list…` method returns. */
export type Page<T> = {
  readonly items: readonly T[];
  readonly limit: number;
  readonly nextCursor: string | null;
};
