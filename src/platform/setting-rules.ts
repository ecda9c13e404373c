import { z } from 'zod';
import { findUrlProblem } from './database/database-urls.js';
import { findTlsProblem } from './database/tls-mode.js';
import { toAddress } from './identity-text.js';
import { hostNameOf } from './network/host-name.js';
import { compileTrust } from './network/client-address.js';

/** `true` or `1`, `false` or `0`. */
export const boolean = z
  .enum(['true', 'false', '1', '0'])
  .transform((text) => text === 'true' || text === '1');
export const wholeNumber = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);
const HOSTS_WRONG =
  'must be names of hosts (tools.example.com) separated by commas, or * for any; no name stands for several';
/** As browsers write them, or `*`: written otherwise they would match nothing. */
export const hostNames = list
  .refine((names) => names.every((name) => name === '*' || hostNameOf(name) !== undefined), HOSTS_WRONG)
  .transform((names) => names.map((name) => hostNameOf(name) ?? name));
const HEADERS_WRONG = 'must be name=value pairs separated by commas';
export const headerList = list
  .refine((pairs) => pairs.every((pair) => /^[\w-]+=.+$/.test(pair)), HEADERS_WRONG)
  .transform((pairs) =>
    Object.fromEntries(
      pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    ),
  );
const TIER = /^[a-z0-9][a-z0-9_-]{0,31}$/;
const TIERS_WRONG = 'must be names of 1 to 32 of a-z, 0-9, _ and -, separated by commas';
const POSTGRES = /^postgres(?:ql)?:\/\//;
const NOT_POSTGRES = 'must begin with postgres:// or postgresql://';
export const databaseUrl = z.string().superRefine((url, context) => {
  const message = POSTGRES.test(url) ? (findUrlProblem(url) ?? findTlsProblem(url)) : NOT_POSTGRES;
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});
/** However it is typed: a domain in letters of its language, full width. */
export const address = z.string().transform(toAddress).pipe(z.email());
export const masterKey = z
  .string()
  .refine((text) => Buffer.from(text, 'base64').length === 32, 'must be 32 bytes in base64 (44 characters)')
  .transform((text) => Buffer.from(text, 'base64'));
export const tiers = list.refine(
  (names) => names.length > 0 && names.every((name) => TIER.test(name)),
  TIERS_WRONG,
);
/** A public address that paths can be put behind, and that gives nothing away. */
export const pageUrl = z
  .url({ protocol: /^https?$/ })
  .refine((text) => isPlainAddress(text), 'must have no user, query or fragment');
export const httpUrl = z.url({ protocol: /^https?$/ });
export const trust = z
  .string()
  .refine(isTrust, 'must be a number of hops, or addresses and CIDR blocks separated by commas');

const QUOTED =
  'stands in quotes, which are part of it (docker --env-file takes lines as they are): take them off';

/** Tells of what a file with Windows line ends or quoted values becomes where it is read as it stands (`docker --env-file`). */
export function listOddValues(
  set: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): string[] {
  return names.flatMap((name) => {
    const value = set[name] ?? '';
    if (/\p{Cc}/u.test(value)) return [`${name}: has a control character (the end of a line?) in it`];
    if (/^(["'`]).*\1$|^[\u201c\u2018\u201e]/.test(value)) return [`${name}: ${QUOTED}`];
    return value === value.trim() ? [] : [`${name}: begins or ends with a space`];
  });
}

function isTrust(setting: string): boolean {
  try {
    compileTrust(setting);
    return true;
  } catch {
    return false;
  }
}

function isPlainAddress(text: string): boolean {
  if (!URL.canParse(text)) return true; // said already
  const { username, password, search, hash } = new URL(text);
  return [username, password, search, hash].every((part) => part === '');
}
