import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { newId } from '../platform/new-id.js';
import { CustomerArrivals } from '../consultants/customer-arrivals.js';
import { AgentCall } from './agent-call.entity.js';
import { AutomationRun } from './automation-run.entity.js';
import { AutomationStep } from './automation-step.entity.js';
import { RunRecords } from './run-records.js';
import { type OpenRun, RunSteps } from './run-steps.js';
import { WelcomeConversation } from './welcome-conversation.js';
import { type Welcome, WelcomeWriter } from './welcome-writer.js';
import { cutText } from '../platform/cut-text.js';

const nothing = async (): Promise<void> => undefined;

/** What the steps of a greeting do, in their order. */
@Injectable()
export class GreetingSteps {
  constructor(
    private readonly steps: RunSteps,
    private readonly records: RunRecords,
    private readonly conversation: WelcomeConversation,
    private readonly writer: WelcomeWriter,
    private readonly arrivals: CustomerArrivals,
  ) {}

  /** The default conversation, one per customer: a second run uses the first one's. @returns Its id. */
  async openConversation(run: OpenRun): Promise<string> {
    const opened = await this.steps.carryOut(run, {
      name: 'conversation',
      prepare: nothing,
      store: async (manager) => {
        const conversationId = await this.conversation.open(manager, run);
        await manager.update(AutomationRun, { id: run.id }, { conversationId });
        return { conversation_id: conversationId };
      },
    });
    return opened!.conversation_id; // this step always has something to do
  }

  /** Asks the agent, or takes the template. The text lies in the step's result until the message is stored. */
  async findWords(run: OpenRun): Promise<void> {
    const { id: runId, tenantId, userId, context } = run;
    await this.steps.carryOut(run, {
      name: 'welcome',
      prepare: () => this.writer.write({ tenantId, userId, runId }, context.signal),
      store: async (manager, welcome) => {
        if (!welcome) return null;
        await this.storeCalls(manager, run, welcome);
        const { by: welcomedBy, agentId, agentVersionId, fallbackReason } = welcome;
        const by = { welcomedBy, agentId, agentVersionId, fallbackReason };
        await manager.update(AutomationRun, { id: run.id }, by);
        return { text: welcome.text };
      },
    });
  }

  async storeMessage(run: OpenRun, conversationId: string): Promise<void> {
    await this.steps.carryOut(run, {
      name: 'message',
      prepare: nothing,
      store: async (manager) => {
        const text = await this.takeText(manager, run);
        if (text === null) return null;
        const { agentVersionId } = await manager.findOneByOrFail(AutomationRun, { id: run.id });
        const where = { tenantId: run.tenantId, conversationId };
        const messageId = await this.conversation.say(manager, where, { content: text, agentVersionId });
        await manager.update(AutomationRun, { id: run.id }, { messageId });
        return { message_id: messageId };
      },
    });
  }

  async tellConsultants(run: OpenRun, conversationId: string): Promise<void> {
    const { tenantId, userId, id: runId } = run;
    await this.steps.carryOut(run, {
      name: 'consultants',
      prepare: nothing,
      store: async (manager) => {
        const arrival = { tenantId, userId, conversationId, runId };
        const { claimId, how, notified } = await this.arrivals.announce(manager, arrival);
        return { claim_id: claimId, how, notified };
      },
    });
  }

  /** The run's own figures. What administrators see is counted from the rows that it leaves. */
  async finish(run: OpenRun): Promise<void> {
    await this.steps.carryOut(run, {
      name: 'metrics',
      prepare: nothing,
      store: async (manager) => {
        await this.records.finish(manager, run.id);
        const { durationMs } = await manager.findOneByOrFail(AutomationRun, { id: run.id });
        return { duration_ms: durationMs };
      },
    });
  }

  private async storeCalls(manager: EntityManager, run: OpenRun, welcome: Welcome): Promise<void> {
    const last = welcome.attempts.length - 1;
    const calls = welcome.attempts.map((attempt, index) => ({
      id: newId(),
      tenantId: run.tenantId,
      runId: run.id,
      agentId: attempt.agentId,
      agentVersionId: attempt.versionId,
      outcome: attempt.errorKind ?? 'ok',
      error: attempt.errorMessage === null ? null : cutText(attempt.errorMessage, 300),
      durationMs: attempt.durationMs,
      firstTextMs: index === last ? welcome.firstTextMs : null,
    }));
    if (calls.length > 0) await manager.insert(AgentCall, calls);
  }

  /** Once it is in the conversation, the run keeps no copy. */
  private async takeText(manager: EntityManager, run: OpenRun): Promise<string | null> {
    const step = await manager.findOneByOrFail(AutomationStep, { runId: run.id, name: 'welcome' });
    const text = step.result?.['text'];
    if (typeof text !== 'string') return null;
    await manager.update(AutomationStep, { id: step.id }, { result: {} });
    return text;
  }
}
