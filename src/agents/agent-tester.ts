import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../access/audit/audit-trail.js';
import type { UserCaller } from '../access/caller.js';
import { ConflictError, NotFoundError } from '../platform/errors.js';
import { Config } from '../platform/config.js';
import { AgentCaller, type CallAnswer } from './agent-caller.js';
import { AgentFailure } from './agent-failure.js';
import { toDify } from './agent-gateway.js';
import { AgentRegistry } from './agent-registry.js';
import type { AgentQuestion } from './agent-reply.js';
import type { AgentVersion } from './agent-version.entity.js';
import { AgentsService } from './agents.service.js';

export type AgentTest = {
  readonly version: AgentVersion;
  readonly durationMs: number;
  readonly answer: CallAnswer | null;
  readonly failure: AgentFailure | null;
};

/** Asks one version of an agent for an admin, once: to see how it answers, or why it does not. */
@Injectable()
export class AgentTester {
  constructor(
    private readonly agents: AgentsService,
    private readonly registry: AgentRegistry,
    private readonly caller: AgentCaller,
    private readonly audit: AuditTrail,
    private readonly config: Config,
  ) {}

  /**
   * Also asks an agent or a version that is disabled. What the app says of itself is read anew first. Circuit breakers neither keep it
   * from being asked nor count it.
   *
   * @param options.versionId Which version; without it the one that the user would get.
   * @throws {ConflictError} No version is given, and none is enabled.
   */
  async test(
    caller: UserCaller,
    agentId: string,
    question: Omit<AgentQuestion, 'purpose'>,
    options: { readonly versionId?: string } = {},
  ): Promise<AgentTest> {
    const version = await this.choose(caller, agentId, question.user, options.versionId);
    const { agent } = await this.agents.get(caller, agentId);
    // Before it is asked: a question that cannot be put on record is not asked.
    const target = { kind: 'agent', id: agentId, name: agent.name };
    await this.audit.recordAct(caller, { action: 'agent.test', target, after: { version: version.label } });
    const startedMs = performance.now();
    const time = AbortSignal.timeout(this.config.env.AGENT_HARD_BUDGET_MS);
    const signal = question.signal ? AbortSignal.any([question.signal, time]) : time;
    const done = (answer: CallAnswer | null, failure: AgentFailure | null): AgentTest => ({
      version,
      durationMs: Math.round(performance.now() - startedMs),
      answer,
      failure,
    });
    try {
      const { mode, inputs } = await this.caller.describe(version, signal);
      const known = Object.assign(version, { mode, inputs: [...inputs] });
      const asked = { ...toDify(question), reasoning: agent.reasoning };
      return done(await this.caller.ask(known, asked, signal), null);
    } catch (error) {
      if (time.aborted)
        return done(null, new AgentFailure('timeout', 'No whole answer in time', { cause: error }));
      if (error instanceof AgentFailure) return done(null, error);
      throw error;
    }
  }

  private async choose(
    caller: UserCaller,
    agentId: string,
    user: string,
    versionId: string | undefined,
  ): Promise<AgentVersion> {
    const { versions } = await this.agents.get(caller, agentId);
    if (versionId !== undefined) {
      const named = versions.find(({ id }) => id === versionId);
      if (!named) throw new NotFoundError(`No agent version ${versionId}`);
      return named;
    }
    const [first] = await this.registry.findVersionsFor(caller.tenantId, agentId, user);
    if (!first) throw new ConflictError('No version of the agent is enabled; name one in version_id');
    return first;
  }
}
