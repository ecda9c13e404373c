import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { McpTool, type ToolContext } from '../tools/mcp-tool.decorator.js';
import { countBy, keySentencesOf } from './consultation-summary.js';
import { type ConsultationRecord, ConsultationsService } from './consultations.service.js';
import { cursorField, customerId, customerIdField, limitField, optionalText } from './tool-arguments.js';

const historyInput = z.object({
  user_id: customerIdField,
  limit: limitField('consultations', 20, 100),
  cursor: cursorField,
});
const summaryInput = z.object({
  user_id: customerIdField,
  limit: limitField('newest consultations to read', 20, 100),
});

/** How many sentences a summary quotes at most. */
const KEY_SENTENCES = 5;

/** Tools about what was talked about with a customer. */
@Injectable()
export class ConsultationsTools {
  constructor(private readonly consultations: ConsultationsService) {}

  @McpTool({
    name: 'get_consultation_history',
    title: 'Consultation history',
    description:
      "A customer's consultations, newest first: when, with whom, about which project, outcome and notes. " +
      'outcome null: not over yet.',
    category: 'consultation',
    version: '1.0.0',
    input: historyInput,
    scope: 'own',
    annotations: { readOnlyHint: true, openWorldHint: false },
  })
  async getConsultationHistory(args: z.output<typeof historyInput>, ctx: ToolContext) {
    const userId = customerId(args.user_id);
    const page = await this.consultations.listConsultations(ctx.caller, userId, {
      limit: args.limit,
      cursor: optionalText(args.cursor),
    });
    return { user_id: userId, consultations: page.items.map(recordOut), next_cursor: page.nextCursor };
  }

  @McpTool({
    name: 'summarize_consultations',
    title: 'Summary of consultations',
    description:
      "A short summary of a customer's newest consultations: how many, outcomes, projects, consultants, and the sentences " +
      'of the notes that speak of safety, money, decisions or next steps, word for word. Nothing is rephrased.',
    category: 'consultation',
    version: '1.0.0',
    input: summaryInput,
    scope: 'own',
    annotations: { readOnlyHint: true, openWorldHint: false },
  })
  async summarizeConsultations(args: z.output<typeof summaryInput>, ctx: ToolContext) {
    const userId = customerId(args.user_id);
    const { limit } = args;
    const { items, nextCursor } = await this.consultations.listConsultations(ctx.caller, userId, { limit });
    return {
      user_id: userId,
      consultations_read: items.length,
      older_ones_left_out: nextCursor !== null,
      first_started_at: items.at(-1)?.startedAt.toISOString() ?? null,
      last_started_at: items.at(0)?.startedAt.toISOString() ?? null,
      outcomes: countBy(items, ({ outcome }) => outcome ?? 'not over yet'),
      projects: countBy(items, ({ project }) => project ?? 'no project'),
      consultants: countBy(items, ({ consultant }) => consultant ?? 'unknown'),
      key_sentences: keySentencesOf(items, KEY_SENTENCES).map(({ consultationId, startedAt, sentence }) => ({
        consultation_id: consultationId,
        started_at: startedAt.toISOString(),
        sentence,
      })),
    };
  }
}

function recordOut(record: ConsultationRecord) {
  return {
    consultation_id: record.id,
    started_at: record.startedAt.toISOString(),
    ended_at: record.endedAt?.toISOString() ?? null,
    outcome: record.outcome,
    notes: record.notes,
    consultant: record.consultantId && { user_id: record.consultantId, display_name: record.consultant },
    project: record.projectId && { project_id: record.projectId, name: record.project },
  };
}
