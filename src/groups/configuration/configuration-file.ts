import { z } from 'zod';
import { isNetwork } from '../../platform/network/client-address.js';
import { NETWORKS_MAX } from '../keys/key-format.js';
import { LABEL, LABELS_MAX } from '../labels.js';
import { callLimitsSchema } from '../../access/call-limits.js';
import { groupPolicySchema, toolPolicySchema } from '../../tools/pipe/policy.js';
import { findServerCodeProblem, SERVER_CODE } from '../server-code.js';
import { toName } from '../../platform/identity-text.js';
import { readTime } from '../../platform/time-text.js';

/** Where the schema of the file is published, below the public URL. */
export const SCHEMA_PATH = '/api/v1/admin/config/schema';

const CONTROL_CHARACTERS = /\p{C}/u;
const TOOLS_MAX = 1000;
/** Replicas confirm each changed group before an apply answers. */
const GROUPS_MAX = 500;

/** What the first key of a group is called. */
export const KEY_NAME = 'default';

/** An object that refuses fields it does not know, and says which it knows. */
function strict<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `is not a known field here; known are ${Object.keys(shape).join(', ')}`
        : undefined,
  });
}

const labels = (description: string) =>
  z
    .array(z.string().regex(LABEL, 'must be 1 to 32 of a-z, 0-9, _ and -'))
    .max(LABELS_MAX)
    .refine((items) => new Set(items).size === items.length, 'must not repeat an item')
    .default([])
    .describe(description);

/** What may be left out or empty (`get_task:`), and then has all defaults. */
function mayBeEmpty<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullable().transform((settings) => settings ?? schema.parse({}));
}

const toolSchema = strict({
  enabled: z.boolean().default(true),
  description: z
    .string()
    .min(1)
    .max(4000)
    .nullable()
    .default(null)
    .describe("Replaces the tool's own description in this group; null keeps it"),
  timeout_seconds: z
    .int()
    .min(1)
    .max(3600)
    .nullable()
    .default(null)
    .describe("Longest run; null: the tool's own limit"),
  allowed_roles: labels("Among the group's; empty: as the group says"),
  user_tier_access: labels("Among the group's; empty: as the group says"),
  policy: toolPolicySchema.default({}).describe('Limits, retries and circuit breaker of its calls'),
  config: z
    .record(z.string(), z.unknown())
    .transform((config) => JSON.parse(JSON.stringify(config)) as typeof config) // as the database will give it back
    .default({})
    .describe("Settings of the tool in this group, as the tool's config_schema allows"),
});

const keyName = z
  .string()
  .overwrite(toName)
  .min(1)
  .max(100)
  .refine((name) => !CONTROL_CHARACTERS.test(name), 'must not hold control characters');

const TIME_WRONG = 'must be a time with its zone, as in 2026-12-31T00:00:00Z';

const keySchema = strict({
  expires_at: z.iso
    .datetime({ offset: true, error: TIME_WRONG })
    .refine((time) => readTime(time) !== undefined, TIME_WRONG)
    .transform((time) => new Date(time).toISOString())
    .nullable()
    .default(null)
    .describe('From then on it opens nothing; null: never'),
  owner: z.string().min(1).max(200).nullable().default(null).describe('Who answers for it'),
  app_id: z
    .string()
    .min(1)
    .max(100)
    .refine((id) => !CONTROL_CHARACTERS.test(id), 'must not hold control characters')
    .nullable()
    .default(null)
    .describe('The application that it is for, as the call log names it; null: as the caller says'),
  allowed_networks: z
    .array(z.string().refine(isNetwork, 'must be an address or a CIDR block, as in 10.0.0.0/8'))
    .max(NETWORKS_MAX)
    .default([])
    .describe('CIDR blocks or addresses it may be used from; empty: anywhere'),
  tools: z
    .array(z.string().min(1).max(64))
    .max(TOOLS_MAX)
    .nullable()
    .default(null)
    .describe('The tools of the group that it sees; null: all'),
  limits: callLimitsSchema.default({}).describe('How much may be called with it'),
  decoy: z.boolean().default(false).describe('Opens nothing; its use raises an alert'),
});

const groupSchema = strict({
  name: z
    .string()
    .overwrite(toName)
    .min(1)
    .max(100)
    .refine((name) => !CONTROL_CHARACTERS.test(name), 'must not hold control characters')
    .describe('Unique in the tenant'),
  description: z.string().max(2000).default(''),
  enabled: z.boolean().default(true).describe('A disabled group refuses every call'),
  sessions: z.boolean().default(false).describe('Give older MCP clients an Mcp-Session-Id'),
  allowed_roles: labels('Roles a signed-in person needs one of; empty: keys only'),
  user_tier_access: labels('User tiers the group is for; empty: all'),
  policy: groupPolicySchema.default({}).describe('Limits and other rules of its calls'),
  tools: z
    .record(z.string().min(1).max(64), mayBeEmpty(toolSchema))
    .refine((tools) => Object.keys(tools).length <= TOOLS_MAX, `must not have more than ${TOOLS_MAX} tools`)
    .optional()
    .describe('By name. Tools that are not listed are taken from the group; left out as a whole: tools stay'),
  keys: z
    .record(keyName, mayBeEmpty(keySchema))
    .optional()
    .describe(
      'By name, never by value. A key that is not there is made, one that is not listed is revoked; left out as a whole: ' +
        'keys stay, and a new group gets its first key',
    ),
});

const serverCode = z
  .string()
  .regex(SERVER_CODE)
  .refine((code) => findServerCodeProblem(code) === null)
  .describe('The server_code: it is in the MCP URL and unique over the whole installation');

/** The configuration of one tenant as a file. The published JSON Schema, the types and the checks all come from here. */
export const configurationSchema = strict({
  version: z.literal(1, 'must be 1: the only version there is').describe('Version of this format'),
  prune: z.boolean().default(false).describe('true: groups that are not listed are deleted'),
  groups: z
    .record(serverCode, groupSchema)
    .refine(
      (groups) => Object.keys(groups).length <= GROUPS_MAX,
      `must not have more than ${GROUPS_MAX} groups`,
    )
    .describe('By server_code. A listed group is managed wholly: what it leaves out has its default'),
});

export type ConfigurationFile = z.output<typeof configurationSchema>;
export type GroupSettings = ConfigurationFile['groups'][string];
export type ToolSettings = z.output<typeof toolSchema>;
export type KeySettings = z.output<typeof keySchema>;

/** What a setting has when the file leaves it out; a required one is not in it. */
export const TOOL_DEFAULTS: Readonly<Record<string, unknown>> = toolSchema.parse({});
export const KEY_DEFAULTS: Readonly<Record<string, unknown>> = keySchema.parse({});
export const GROUP_DEFAULTS: Readonly<Record<string, unknown>> = (() => {
  const { name: _required, ...defaults } = groupSchema.parse({ name: 'x' });
  return defaults;
})();

/** The JSON Schema (2020-12) of the file, for editors and for checks in a pipeline. */
export function configurationJsonSchema(publicUrl: string): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(configurationSchema, { io: 'input' });
  return { $schema, $id: `${publicUrl}${SCHEMA_PATH}`, title: 'Toolcrib configuration', ...schema };
}
