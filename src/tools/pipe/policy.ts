import { z } from 'zod';
import { callLimitsSchema } from '../../access/call-limits.js';
import { redactionRulesSchema } from '../redaction/redaction-rules.js';

const RESULT_BYTES = z
  .int()
  .min(1024)
  .max(2_097_152) // each step of a result is done at once, while others wait
  .optional()
  .describe('Longest result in bytes; absent: TOOL_RESULT_MAX_BYTES');

/** What an admin may set for one tool of a group, beyond who may call it. */
export const toolPolicySchema = z.strictObject({
  limits: callLimitsSchema.optional().describe('Of this tool in this group'),
  result_max_bytes: RESULT_BYTES,
  retries: z
    .int()
    .min(0)
    .max(5)
    .optional()
    .describe('How often a failed run is tried again; only tools marked idempotent or read-only'),
  breaker: z
    .strictObject({
      failures: z
        .int()
        .min(0)
        .max(1000)
        .optional()
        .describe('Failures in a row that open the circuit; 0: it never opens'),
      reset_seconds: z
        .int()
        .min(1)
        .max(3600)
        .optional()
        .describe('How long an open circuit refuses calls before one is let through to try'),
    })
    .optional()
    .describe('Circuit breaker; absent: TOOL_BREAKER_FAILURES, TOOL_BREAKER_RESET_SECONDS'),
});

/** What an admin may set for a group as a whole. */
export const groupPolicySchema = z.strictObject({
  limits: callLimitsSchema.optional().describe('Of the group as a whole'),
  user_limits: callLimitsSchema.optional().describe('Of each signed-in user in this group'),
  result_max_bytes: RESULT_BYTES,
  redaction: redactionRulesSchema.optional(),
  structured_content: z
    .boolean()
    .optional()
    .describe(
      'false: results are text only, for clients that show a model structured content beside the text; absent: true',
    ),
  dedupe_seconds: z
    .int()
    .min(1)
    .max(86_400)
    .optional()
    .describe(
      'A call of a tool with side effects that repeats the same arguments within this time gets the first outcome',
    ),
});

export type ToolPolicy = Readonly<z.output<typeof toolPolicySchema>>;
export type GroupPolicy = Readonly<z.output<typeof groupPolicySchema>>;
