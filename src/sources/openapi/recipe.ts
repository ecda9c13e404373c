import type { Wire } from './flat-schema.js';
import type { ApiServer, FieldEncoding, Place, SecurityNeed, Writing } from './operation.js';

/** Where one argument goes that is no part of the body. */
export type RecipeParameter = Writing & {
  readonly argument: string;
  readonly name: string;
  readonly in: Place;
  readonly wire?: Wire;
};

export type RecipeBody = {
  readonly mediaType: string;
  readonly kind: 'json' | 'form' | 'multipart' | 'text' | 'bytes';
  /** The argument that is the whole body; else each field is an argument. */
  readonly whole?: string;
  /** Arguments that are fields of the body, and the names of those. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly wire?: Wire;
  readonly encoding?: Readonly<Record<string, FieldEncoding>>;
  /** Fields that are files. */
  readonly files?: readonly string[];
};

/** How a request is made of a tool's arguments: all that a call needs of the document. */
export type RequestRecipe = {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly RecipeParameter[];
  readonly body?: RecipeBody;
  readonly security: readonly SecurityNeed[];
  /** The operation's own; empty: the document's. */
  readonly servers: readonly ApiServer[];
  /** Of the good answer that the document promises. */
  readonly answerType?: string;
  /** A list or a scalar is promised, which structured content wraps. */
  readonly wrapsAnswer?: true;
};
