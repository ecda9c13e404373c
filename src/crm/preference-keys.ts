import { z } from 'zod';
import { InvalidInputError } from '../platform/errors.js';

/** What a customer may have said about marketing, as a tool takes it: a word, since a boolean cannot be left blank. */
const CONSENTS: Readonly<Record<string, boolean>> = { allowed: true, refused: false };

export const PREFERENCE_CHANNELS = ['wechat', 'phone', 'sms', 'email', 'app'] as const;
export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** The known preferences and what a valid value is. Stored under the same names. */
const preferenceSchema = z
  .strictObject({
    channel: z.enum(PREFERENCE_CHANNELS, { error: `must be one of ${PREFERENCE_CHANNELS.join(', ')}` }),
    contact_hours: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/, 'must look like 18:00-21:00')
      .refine((text) => text.slice(0, 5) < text.slice(6), 'must end later than it begins'),
    timezone: z.string().refine(isTimezone, 'must be an IANA time zone, e.g. Asia/Shanghai'),
    language: z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'must be a BCP 47 tag, e.g. zh-CN'),
    marketing_consent: z.boolean({ error: `must be one of ${Object.keys(CONSENTS).join(', ')}` }),
    treatment_interests: z.array(z.string().trim().min(1).max(100)).max(20),
    appointment_days: z.array(z.enum(WEEKDAYS, { error: `must be among ${WEEKDAYS.join(', ')}` })).max(7),
    notes: z.string().max(1000),
  })
  .partial();

export type PreferenceValues = z.output<typeof preferenceSchema>;
export type PreferenceKey = keyof PreferenceValues;
export const PREFERENCE_KEYS = Object.keys(preferenceSchema.shape) as PreferenceKey[];

/** The same keys as a tool takes them: flat and lenient, because a blank text means "not given". */
export const preferenceFields = {
  channel: z
    .string()
    .optional()
    .describe(`How the customer wants to be reached. Allowed: ${PREFERENCE_CHANNELS.join(', ')}.`),
  contact_hours: z
    .string()
    .optional()
    .describe('When the customer may be contacted, local time, format HH:MM-HH:MM, e.g. 18:00-21:00.'),
  timezone: z.string().optional().describe("The customer's IANA time zone, e.g. Asia/Shanghai."),
  language: z.string().optional().describe('Language to write in, BCP 47, e.g. zh-CN or en-US.'),
  marketing_consent: z
    .string()
    .optional()
    .describe(
      `Whether marketing messages are welcome. Allowed: ${Object.keys(CONSENTS).join(', ')}. Leave out when the customer said nothing.`,
    ),
  treatment_interests: z
    .array(z.string().describe('A treatment or concern in a few words'))
    .max(20)
    .optional()
    .describe(
      'What the customer is interested in, at most 20 entries. Replaces the list on file; an empty one changes nothing.',
    ),
  appointment_days: z
    .array(z.string().describe('A day of the week'))
    .max(7)
    .optional()
    .describe(
      `Days that suit the customer. Allowed: ${WEEKDAYS.join(', ')}. Replaces the list on file; an empty one changes nothing.`,
    ),
  notes: z
    .string()
    .optional()
    .describe('Anything else, at most 1000 characters. Replaces the notes on file.'),
};

/**
 * Drops what is blank, which means "not given" (a blank text, an empty list, a list of blank texts), and checks the rest.
 *
 * @throws {InvalidInputError} Names every wrong key and what it should be.
 */
export function parsePreferences(given: Readonly<Record<string, unknown>>): PreferenceValues {
  const said = Object.entries(given).map(([key, value]) => [key, withoutBlanks(value)] as const);
  const values = said
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, key === 'marketing_consent' ? toConsent(value) : value]);
  const parsed = preferenceSchema.safeParse(Object.fromEntries(values));
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues.map((issue) => ({
    field: String(issue.path[0] ?? ''),
    message: issue.message,
  }));
  throw new InvalidInputError(details.map(({ field, message }) => `${field} ${message}`).join('; '), {
    details,
  });
}

/** @returns undefined: there is nothing in it. */
function withoutBlanks(value: unknown): unknown {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value.trim();
  if (!Array.isArray(value)) return value;
  const said = value.filter((item) => typeof item !== 'string' || item.trim() !== '');
  return said.length === 0 ? undefined : said;
}

/** What is none of the words is left as it is, for the schema to refuse. */
function toConsent(value: unknown): unknown {
  const word = typeof value === 'string' ? value.toLowerCase() : '';
  return Object.hasOwn(CONSENTS, word) ? CONSENTS[word] : value;
}

export function isTimezone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).format(0) !== '';
  } catch {
    return false;
  }
}
