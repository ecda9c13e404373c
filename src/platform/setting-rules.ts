import { z } from 'zod';
import { findTlsProblem } from './database/tls-mode.js';
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
export const databaseUrl = z.url({ protocol: /^postgres(ql)?$/ }).superRefine((url, context) => {
  const message = URL.canParse(url) ? findTlsProblem(url) : undefined;
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});
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
