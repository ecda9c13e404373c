import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { McpTool, type ToolContext } from '../tools/mcp-tool.decorator.js';
import { CustomersService, type CustomerFile } from './customers.service.js';
import { userIdField, usernameField, userRef } from './tool-arguments.js';

const input = z.object({ user_id: userIdField, username: usernameField });

/** The tool that opens a customer's file. */
@Injectable()
export class CustomersTools {
  constructor(private readonly customers: CustomersService) {}

  @McpTool({
    name: 'get_customer_profile',
    title: "Customer's file",
    description:
      "A customer's file: facts noted by the team, tags, allergies, skin and health notes, budget, source, language, the " +
      'consultant in charge, and the history in numbers (consultations, treatments, money paid, open tasks). ' +
      'Money is in whole cents. An empty allergies list means none were reported, not that there are none.',
    category: 'customer',
    version: '1.0.0',
    input,
    scope: 'own',
    annotations: { readOnlyHint: true, openWorldHint: false },
  })
  async getCustomerProfile(args: z.output<typeof input>, ctx: ToolContext) {
    const file = await this.customers.getFile(ctx.caller, userRef(args));
    return {
      user_id: file.user.id,
      username: file.user.username,
      display_name: file.user.display_name,
      tier: file.user.tier,
      registration_time: file.user.created_at.toISOString(),
      file_exists: file.profile !== null,
      ...profileOf(file),
      history: historyOf(file),
    };
  }
}

function profileOf({ profile, consultantName }: CustomerFile) {
  if (!profile) return {};
  return {
    consultant: profile.consultantId && { user_id: profile.consultantId, display_name: consultantName },
    facts: profile.facts,
    tags: profile.tags,
    allergies: profile.allergies,
    skin_notes: profile.skinNotes,
    health_notes: profile.healthNotes,
    budget: {
      min_cents: profile.budgetMinCents,
      max_cents: profile.budgetMaxCents,
      currency: profile.currency,
    },
    birth_year: profile.birthYear,
    city: profile.city,
    source: profile.source,
    preferred_language: profile.preferredLanguage,
    updated_at: profile.updatedAt.toISOString(),
  };
}

function historyOf({ history }: CustomerFile) {
  return {
    conversations: history.conversations,
    consultations: history.consultations,
    last_consultation_at: history.lastConsultationAt?.toISOString() ?? null,
    treatments: history.treatments.map(({ project, count, lastAt }) => ({
      project,
      count,
      last_performed_at: lastAt.toISOString(),
    })),
    paid: history.paid.map(({ currency, amountCents }) => ({ currency, amount_cents: amountCents })),
    open_tasks: history.openTasks,
  };
}
