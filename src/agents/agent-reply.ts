import type { FailureKind } from './agent-failure.js';
import type { AgentMode } from './agent-modes.js';
import type { TokenUsage } from './dify-events.js';

export type AgentQuestion = {
  /** What the answer is for: names the order in which agents are asked, e.g. `welcome`. */
  readonly purpose: string;
  /** Id of the person: Dify's end user, and what decides between versions. */
  readonly user: string;
  readonly query: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** BCP 47; reaches the app as its input `language`. */
  readonly language?: string;
  readonly signal?: AbortSignal;
};

/** One request to one version, or one that a circuit breaker kept from being made. */
export type AgentAttempt = {
  readonly agentId: string;
  readonly agentName: string;
  readonly versionId: string;
  readonly versionLabel: string;
  /** Null: it answered. */
  readonly errorKind: FailureKind | 'circuit_open' | null;
  readonly errorMessage: string | null;
  readonly durationMs: number;
};

/** Who answered: to be kept with the message. */
export type AnsweredBy = {
  readonly agentId: string;
  readonly agentName: string;
  readonly versionId: string;
  readonly versionLabel: string;
  readonly appId: string | null;
  readonly mode: AgentMode;
  readonly taskId: string | null;
  readonly messageId: string | null;
  readonly conversationId: string | null;
  readonly workflowRunId: string | null;
};

export type AgentReply = {
  /** Every request that was made, in order. */
  readonly attempts: readonly AgentAttempt[];
  readonly durationMs: number;
} & (
  | {
      readonly ok: true;
      readonly text: string;
      readonly by: AnsweredBy;
      readonly usage: TokenUsage | null;
      /** Of the attempt that answered. */
      readonly firstTextMs: number | null;
      /** It took longer than AGENT_SOFT_BUDGET_MS. */
      readonly isLate: boolean;
    }
  | {
      readonly ok: false;
      /**
       * `no_agent`: none is set up for the purpose; `failed`: all of them failed; `timeout`: AGENT_HARD_BUDGET_MS is over;
       * `cancelled`: the question's signal fired. Whoever asked uses a text of its own.
       */
      readonly reason: 'no_agent' | 'failed' | 'timeout' | 'cancelled';
    }
);
