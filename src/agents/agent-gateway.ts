import { Injectable, Logger } from '@nestjs/common';
import type { Guarded } from '../tools/breakers/circuit.js';
import { CircuitBreakers, CircuitOpenError } from '../tools/breakers/circuit-breakers.js';
import { Config } from '../platform/config.js';
import { AgentCaller, type CallAnswer } from './agent-caller.js';
import { AgentFailure } from './agent-failure.js';
import { type Candidate, AgentRegistry } from './agent-registry.js';
import type { AgentAttempt, AgentQuestion, AgentReply } from './agent-reply.js';

/** How often one version is asked at most. */
const TRIES = 3;
const FIRST_DELAY_MS = 250;

type Outcome = AgentAttempt & { readonly answer?: CallAnswer; readonly failure?: AgentFailure };
type Run = {
  readonly question: AgentQuestion;
  readonly startedMs: number;
  readonly attempts: AgentAttempt[];
};

/**
 * Asks the agents of a tenant: the one that is the user's first, and when it fails the next, within one time budget.
 *
 * Until the soft budget is over, an agent whose failure may pass by itself (429, 5xx, network) is asked again, after about 250 ms and
 * then 500 ms, and after what `Retry-After` says; other failures lead to the next at once. An agent that says nothing is left when its share
 * of the time that remains is over: the same for all that are still to be asked. At the hard budget everything ends.
 */
@Injectable()
export class AgentGateway {
  private readonly logger = new Logger(AgentGateway.name);

  constructor(
    private readonly registry: AgentRegistry,
    private readonly caller: AgentCaller,
    private readonly breakers: CircuitBreakers,
    private readonly config: Config,
  ) {}

  /** Never throws for what an agent does; the database's failures pass. */
  async ask({ tenantId }: { readonly tenantId: string }, question: AgentQuestion): Promise<AgentReply> {
    const run: Run = { question, startedMs: performance.now(), attempts: [] };
    const candidates = await this.registry.findCandidates(tenantId, question);
    if (candidates.length === 0) return this.unanswered(run, 'no_agent');
    for (const [index, candidate] of candidates.entries()) {
      const leftMs = this.config.env.AGENT_HARD_BUDGET_MS - elapsed(run);
      if (leftMs <= 0) break;
      const outcome = await this.askCandidate(run, candidate, leftMs / (candidates.length - index));
      if (outcome.answer) return this.answered(run, candidate, outcome.answer);
      if (question.signal?.aborted) return this.unanswered(run, 'cancelled');
    }
    return this.unanswered(run, elapsed(run) >= this.config.env.AGENT_HARD_BUDGET_MS ? 'timeout' : 'failed');
  }

  /** The breaker counts questions, not tries: in a burst, failures come back sooner than answers. */
  private async askCandidate(run: Run, candidate: Candidate, shareMs: number): Promise<Outcome> {
    const { AGENT_BREAKER_FAILURES: failures, AGENT_BREAKER_RESET_SECONDS: resetSeconds } = this.config.env;
    const { agent, version } = candidate;
    const guarded: Guarded = {
      tenantId: version.tenantId,
      toolId: version.id,
      kind: 'agent_version',
      name: `${agent.name}, ${version.label}`,
      failures,
      resetMs: resetSeconds * 1000,
    };
    const verdictOf = ({ failure }: Outcome) => failure?.verdict ?? 'good';
    const work = () => this.askRepeatedly(run, candidate, AbortSignal.timeout(Math.ceil(shareMs)));
    try {
      return await this.breakers.run<Outcome>(guarded, verdictOf, work);
    } catch (error) {
      if (!(error instanceof CircuitOpenError)) throw error;
      const errorMessage = `It failed too often; asked again in ${error.retryAfterSeconds} s`;
      const outcome = {
        ...nameOf(candidate),
        errorKind: 'circuit_open',
        errorMessage,
        durationMs: 0,
      } as const;
      this.note(run, outcome);
      return outcome;
    }
  }

  private async askRepeatedly(run: Run, candidate: Candidate, time: AbortSignal): Promise<Outcome> {
    const signal = signalOf(run, time);
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.askOnce(run, candidate, time);
      this.note(run, outcome);
      const { failure } = outcome;
      if (!failure?.mayPass || attempt === TRIES) return outcome;
      // A little after Retry-After, too: those who were refused together must not come back together.
      const ownMs = FIRST_DELAY_MS * 2 ** (attempt - 1) * (0.5 + Math.random());
      const delayMs = (failure.retryAfterMs ?? 0) + ownMs;
      if (elapsed(run) + delayMs >= this.config.env.AGENT_SOFT_BUDGET_MS) return outcome;
      await waitFor(delayMs, signal);
      if (signal.aborted) return outcome;
    }
  }

  private async askOnce(run: Run, candidate: Candidate, time: AbortSignal): Promise<Outcome> {
    const startedMs = performance.now();
    const durationMs = () => Math.round(performance.now() - startedMs);
    const who = nameOf(candidate);
    try {
      const question = { ...toDify(run.question), reasoning: candidate.agent.reasoning };
      const answer = await this.caller.ask(candidate.version, question, signalOf(run, time));
      return { ...who, errorKind: null, errorMessage: null, durationMs: durationMs(), answer };
    } catch (error) {
      const failure = explain(error, run, time);
      const { kind: errorKind, message: errorMessage } = failure;
      return { ...who, errorKind, errorMessage, durationMs: durationMs(), failure };
    }
  }

  private note(run: Run, { answer: _answer, failure: _failure, ...attempt }: Outcome): void {
    run.attempts.push(attempt);
    if (attempt.errorKind === null) return;
    this.logger.warn({ message: 'An agent did not answer', purpose: run.question.purpose, ...attempt });
  }

  private answered(run: Run, candidate: Candidate, answer: CallAnswer): AgentReply {
    const { text, usage, firstTextMs, ...ids } = answer;
    const by = { ...nameOf(candidate), appId: candidate.version.appId, ...ids };
    const durationMs = Math.round(elapsed(run));
    const isLate = durationMs > this.config.env.AGENT_SOFT_BUDGET_MS;
    return { ok: true, text, by, usage, firstTextMs, isLate, attempts: run.attempts, durationMs };
  }

  private unanswered(run: Run, reason: (AgentReply & { ok: false })['reason']): AgentReply {
    return { ok: false, reason, attempts: run.attempts, durationMs: Math.round(elapsed(run)) };
  }
}

function nameOf({ agent, version }: Candidate) {
  return {
    agentId: agent.id,
    agentName: agent.name,
    versionId: version.id,
    versionLabel: version.label,
  };
}

function elapsed({ startedMs }: Run): number {
  return performance.now() - startedMs;
}

function signalOf({ question: { signal } }: Run, time: AbortSignal): AbortSignal {
  return signal ? AbortSignal.any([signal, time]) : time;
}

/** What the question becomes for Dify. */
export function toDify({ user, query, inputs, language }: Omit<AgentQuestion, 'purpose' | 'signal'>) {
  return { user, query, inputs: { ...(language !== undefined && { language }), ...inputs } };
}

/** A signal that fired explains whatever was thrown. */
function explain(error: unknown, run: Run, time: AbortSignal): AgentFailure {
  if (run.question.signal?.aborted)
    return new AgentFailure('cancelled', 'Nobody waits for the answer any more', { cause: error });
  if (time.aborted)
    return new AgentFailure('timeout', 'No whole answer in its share of the time', { cause: error });
  if (error instanceof AgentFailure) return error;
  throw error;
}

/** Ends early, without a word, when the signal fires. */
function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}
