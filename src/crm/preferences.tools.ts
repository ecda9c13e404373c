import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { McpTool, type ToolContext } from '../tools/mcp-tool.decorator.js';
import { parsePreferences, PREFERENCE_KEYS, preferenceFields } from './preference-keys.js';
import { type PreferencesOnFile, PreferencesService } from './preferences.service.js';
import { customerId, customerIdField, optionalText, requiredChoice, wrongField } from './tool-arguments.js';

const getInput = z.object({ user_id: customerIdField });
const updateInput = z.object({
  user_id: customerIdField,
  ...preferenceFields,
  clear: z
    .array(z.string().describe('A key to remove'))
    .max(PREFERENCE_KEYS.length)
    .optional()
    .describe(`Keys to remove, because they are no longer known. Allowed: ${PREFERENCE_KEYS.join(', ')}.`),
});

/** Tools about what a customer asked for. */
@Injectable()
export class PreferencesTools {
  constructor(private readonly preferences: PreferencesService) {}

  @McpTool({
    name: 'get_customer_preferences',
    title: 'Customer preferences',
    description:
      'What a customer asked for: channel, contact hours, language, marketing consent, treatment interests and so on. ' +
      'Read it before you write to a customer. Keys under unknown were never stated.',
    category: 'customer',
    version: '1.0.0',
    input: getInput,
    scope: 'own',
    annotations: { readOnlyHint: true, openWorldHint: false },
  })
  async getCustomerPreferences(args: z.output<typeof getInput>, ctx: ToolContext) {
    const userId = customerId(args.user_id);
    return preferencesOut(userId, await this.preferences.getPreferences(ctx.caller, userId));
  }

  @McpTool({
    name: 'update_customer_preferences',
    title: 'Update customer preferences',
    description:
      'Notes what a customer asked for. Only the keys you give change, blank ones do not; clear removes keys. ' +
      'Use it only for what the customer said, never for what you suppose. Answers with all preferences after the change.',
    category: 'customer',
    version: '2.0.0',
    input: updateInput,
    scope: 'own',
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  })
  async updateCustomerPreferences(args: z.output<typeof updateInput>, ctx: ToolContext) {
    const { user_id, clear: clearKeys = [], ...given } = args;
    const userId = customerId(user_id);
    const changes = parsePreferences(given);
    const clear = clearKeys
      .filter((key) => optionalText(key) !== undefined)
      .map((key) => requiredChoice('clear', key, PREFERENCE_KEYS));
    if (Object.keys(changes).length === 0 && clear.length === 0) {
      throw wrongField(
        'clear',
        `Nothing to change: give at least one of ${PREFERENCE_KEYS.join(', ')}, or clear`,
      );
    }
    return preferencesOut(
      userId,
      await this.preferences.updatePreferences(ctx.caller, userId, { changes, clear }),
    );
  }
}

function preferencesOut(userId: string, { values, updatedAt }: PreferencesOnFile) {
  return {
    user_id: userId,
    preferences: values,
    unknown: PREFERENCE_KEYS.filter((key) => values[key] === undefined),
    updated_at: updatedAt?.toISOString() ?? null,
  };
}
