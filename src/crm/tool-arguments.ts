import { validate as isUuid } from 'uuid';
import { z } from 'zod';
import { InvalidInputError, type ToolHint } from '../platform/errors.js';
import { shortenText } from '../platform/cut-text.js';
import { toUsername } from '../platform/identity-text.js';
import { readTime } from '../platform/time-text.js';

/*
 * What the arguments of our tools have in common. Agents fill forms: a field left blank arrives as '' and means "not
 * given", so ids and choices are plain strings on the wire and are checked here, with messages an agent can act on.
 */

export const userIdField = z
  .string()
  .optional()
  .describe('Id of the user: a UUID, e.g. 01890a5d-ac96-774b-bcce-b302099a8057. Give this or username.');
export const usernameField = z
  .string()
  .optional()
  .describe('Exact username, used when user_id is not given. search_users finds usernames.');
export const customerIdField = z
  .string()
  .describe('Id of the customer: a UUID, e.g. 01890a5d-ac96-774b-bcce-b302099a8057. search_users finds it.');
export const cursorField = z
  .string()
  .optional()
  .describe('Where to go on: next_cursor of the page before, unchanged. Leave out for the first page.');

/** A number that a model was made to give is often 0: then nobody said how many. */
export function limitField(what: string, standard: number, max: number) {
  return z
    .int()
    .min(0)
    .max(max)
    .transform((limit) => (limit === 0 ? standard : limit))
    .default(standard)
    .describe(`How many ${what} at most: a whole number from 1 to ${max}. Default (and for 0): ${standard}.`);
}

/** A blank text counts as absent. NUL is dropped: Postgres cannot store it. */
export function optionalText(value: string | undefined): string | undefined {
  const text = value?.replaceAll('\0', '').trim();
  return text === '' ? undefined : text;
}

/** @throws {InvalidInputError} The text is blank or longer than `maxLength` characters. */
export function requiredText(field: string, value: string, maxLength: number): string {
  const text = optionalText(value);
  if (text === undefined) throw wrongField(field, `${field} must not be blank`);
  if (text.length > maxLength) {
    throw wrongField(field, `${field} must have at most ${maxLength} characters; it has ${text.length}`);
  }
  return text;
}

/**
 * @param help The tool that finds the right id, or words that name none.
 * @throws {InvalidInputError} The text is not a UUID.
 */
export function requiredUuid(field: string, value: string | undefined, help: ToolHint | string): string {
  const text = value?.trim() ?? '';
  if (isUuid(text)) return text.toLowerCase();
  const got = text === '' ? 'nothing' : `'${shorten(text)}'`;
  const message = `${field} must be a UUID, e.g. 01890a5d-ac96-774b-bcce-b302099a8057; got ${got}`;
  throw typeof help === 'string'
    ? wrongField(field, `${message}. ${help}`)
    : wrongField(field, message, help);
}

export function optionalUuid(
  field: string,
  value: string | undefined,
  help: ToolHint | string,
): string | undefined {
  return optionalText(value) === undefined ? undefined : requiredUuid(field, value, help);
}

/** @throws {InvalidInputError} Names the allowed values. */
export function requiredChoice<T extends string>(field: string, value: string, allowed: readonly T[]): T {
  const text = value.trim().toLowerCase();
  const choice = allowed.find((item) => item === text);
  if (choice !== undefined) return choice;
  const got = text === '' ? 'nothing' : `'${shorten(text)}'`;
  throw wrongField(field, `${field} must be one of ${allowed.join(', ')}; got ${got}`);
}

export function optionalChoice<T extends string>(
  field: string,
  value: string | undefined,
  allowed: readonly T[],
): T | undefined {
  const text = optionalText(value);
  return text === undefined ? undefined : requiredChoice(field, text, allowed);
}

/** @throws {InvalidInputError} Not a point in time in ISO 8601 with its offset; one before 1900 is a slip of the pen. */
export function optionalTime(field: string, value: string | undefined): Date | undefined {
  const text = optionalText(value);
  if (text === undefined) return undefined;
  const time = readTime(text);
  if (time && text >= '1900') return time;
  throw wrongField(
    field,
    `${field} must be ISO 8601 with a time zone, e.g. 2026-03-01T09:30:00+08:00; got '${shorten(text)}'`,
  );
}

export const FIND_USER: ToolHint = { tool: 'search_users', how: 'to find it' };
export const FIND_TASK: ToolHint = { tool: 'list_tasks', how: "with the customer's user_id to find it" };
export const FIND_CONSULTANT: ToolHint = { tool: 'search_users', how: 'with role consultant' };

/** One of the two ways to name a user. */
export type UserRef = { readonly id: string } | { readonly username: string };

/** @throws {InvalidInputError} Neither is given, or the id is not a UUID. The id wins when both are given. */
export function userRef(args: { user_id?: string; username?: string }): UserRef {
  const id = optionalUuid('user_id', args.user_id, FIND_USER);
  if (id !== undefined) return { id };
  const username = optionalText(args.username);
  if (username !== undefined) return { username: toUsername(username) };
  throw wrongField('user_id', 'Give user_id or username', {
    tool: 'search_users',
    how: 'to find both from a part of a name',
  });
}

export function customerId(value: string): string {
  return requiredUuid('user_id', value, FIND_USER);
}

export function wrongField(field: string, message: string, hint?: ToolHint): InvalidInputError {
  return new InvalidInputError(message, { details: [{ field, message }], hint });
}

export function shorten(text: string): string {
  return shortenText(text, 60);
}
