import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { JobContext } from '../jobs/job-context.js';
import { Job } from '../jobs/job.decorator.js';
import { GIVE_UP_JOB, GREET_JOB } from './greet-job.js';
import { GreetingSteps } from './greeting-steps.js';
import { RunRecords } from './run-records.js';
import { type OpenRun, RunStoppedError } from './run-steps.js';

/** More than any answer of an agent may take (AGENT_HARD_BUDGET_MS), as it is set by default. */
const TIMEOUT_SECONDS = 120;
/** Agents may be slow; with them, other jobs must not be. */
const PER_REPLICA = 8;

/** The workflow: whoever registers gets a conversation and a welcome, and a consultant is told. */
@Injectable()
export class RegistrationAutomation {
  constructor(
    private readonly records: RunRecords,
    private readonly steps: GreetingSteps,
  ) {}

  @Job({
    kind: GREET_JOB,
    description: 'Greets a customer: conversation, welcome, message, consultants',
    on: 'user.registered',
    payload: z.object({ user_id: z.uuid(), run_id: z.uuid().optional() }),
    retrySeconds: [5, 15, 60],
    timeoutSeconds: TIMEOUT_SECONDS,
    concurrency: { perReplica: PER_REPLICA },
    whenDead: GIVE_UP_JOB,
    whenCancelled: GIVE_UP_JOB,
  })
  async greet(
    { user_id: userId, run_id: runId }: { user_id: string; run_id?: string },
    context: JobContext,
  ): Promise<void> {
    const { tenantId, jobId } = context;
    const beginning = { tenantId, userId, jobId, runId };
    const id = await context.step('begin', (manager) => this.records.begin(manager, beginning), {
      transaction: true,
    });
    if (id !== null) await this.carryOn({ id, tenantId, userId, context });
  }

  private async carryOn(run: OpenRun): Promise<void> {
    await this.records.resume(run);
    try {
      const conversationId = await this.steps.openConversation(run);
      await this.steps.findWords(run);
      await this.steps.storeMessage(run, conversationId);
      await this.steps.tellConsultants(run, conversationId);
      await this.steps.finish(run);
    } catch (error) {
      if (!(error instanceof RunStoppedError)) throw error;
      const skip = { reason: error.reason, detail: null };
      await run.context.step('stop', (manager) => this.records.skip(manager, run.id, skip), {
        transaction: true,
      });
    }
  }
}
