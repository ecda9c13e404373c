import type { JsonObject } from '../../tools/tool-definition.js';

export const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const;
export type Place = 'path' | 'query' | 'header' | 'cookie';
export type Style =
  'simple' | 'label' | 'matrix' | 'form' | 'spaceDelimited' | 'pipeDelimited' | 'tabDelimited' | 'deepObject';

/** How a value that is no scalar is written where there is only text. */
export type Writing = {
  readonly style: Style;
  readonly explode: boolean;
  /** Characters such as `/` and `?` stay as they are. */
  readonly allowReserved?: true;
  /** The value is written as JSON. */
  readonly asJson?: true;
};

export type ApiParameter = Writing & {
  readonly name: string;
  readonly in: Place;
  readonly required: boolean;
  readonly description?: string;
  readonly schema: unknown;
};

/** How one field of a form is written, where the document says. */
export type FieldEncoding = Partial<Writing> & { readonly contentType?: string };

export type ApiBody = {
  readonly required: boolean;
  readonly description?: string;
  readonly mediaType: string;
  readonly schema: unknown;
  readonly encoding: Readonly<Record<string, FieldEncoding>>;
};

/** A good answer that the document promises. */
export type ApiAnswer = {
  readonly status: string;
  readonly mediaType?: string;
  readonly schema?: unknown;
};

/** The schemes that one way to be let in needs all of, with their scopes; empty: nothing is needed. */
export type SecurityNeed = Readonly<Record<string, readonly string[]>>;

export type ApiServer = {
  readonly url: string;
  readonly description?: string;
  readonly variables: Readonly<
    Record<string, { readonly default: string; readonly allowed?: readonly string[] }>
  >;
};

/** One operation of a document in the form that is the same for all versions of OpenAPI. */
export type ApiOperation = {
  /** Method and path: what it is known by when the document is read again. */
  readonly ownName: string;
  readonly method: string;
  readonly path: string;
  readonly operationId?: string;
  readonly tags: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly isDeprecated: boolean;
  readonly parameters: readonly ApiParameter[];
  readonly body?: ApiBody;
  readonly answers: readonly ApiAnswer[];
  /** Ways to be let in, the first that can be gone is. */
  readonly security: readonly SecurityNeed[];
  /** Its own; empty: the document's. */
  readonly servers: readonly ApiServer[];
};

/** A way to show who calls (`securitySchemes`), as far as it can be used. */
export type SecurityScheme =
  | { readonly kind: 'api_key'; readonly in: 'query' | 'header' | 'cookie'; readonly name: string }
  | { readonly kind: 'basic' }
  | { readonly kind: 'bearer' }
  | { readonly kind: 'oauth2'; readonly tokenUrl?: string; readonly scopes: readonly string[] }
  | { readonly kind: 'unsupported'; readonly what: string };

export type MaybeObject = JsonObject | undefined;
