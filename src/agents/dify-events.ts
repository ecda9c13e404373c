import { z } from 'zod';
import { AgentFailure, failureOf } from './agent-failure.js';
import type { AgentMode } from './agent-modes.js';
import { toStorable } from './input-form.js';
import { NodesOfRun } from './nodes-of-run.js';
import { type Reasoning, withoutReasoning } from './reasoning.js';

/** Dify's are UUIDs. What Postgres would not store, or no URL can hold, is none. */
const ID = /^[\w.:-]{1,100}$/;
const text = z.string().optional().catch(undefined);
const id = z.string().regex(ID).optional().catch(undefined);
const count = z.number().optional().catch(undefined);

/** The members that any event may have and that matter here. One of another type is as if it were not there. */
const eventSchema = z.object({
  event: z.string(),
  task_id: id,
  message_id: id,
  conversation_id: id,
  workflow_run_id: id,
  answer: text,
  /** Of HTTP, though it comes in the stream. */
  status: z.coerce.number().int().min(400).max(599).optional().catch(undefined),
  code: text,
  message: text,
  metadata: z
    .object({
      usage: z
        .object({ prompt_tokens: count, completion_tokens: count, total_tokens: count })
        .optional()
        .catch(undefined),
    })
    .optional()
    .catch(undefined),
  data: z
    .object({
      text,
      status: text,
      error: text,
      total_tokens: count,
      node_id: text,
      node_type: text,
      outputs: z.record(z.string(), z.unknown()).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});
type DifyEvent = z.output<typeof eventSchema>;

export type TokenUsage = {
  readonly prompt: number | null;
  readonly completion: number | null;
  readonly total: number | null;
};

/** A whole answer. */
export type AssembledAnswer = {
  readonly text: string;
  readonly taskId: string | null;
  readonly messageId: string | null;
  readonly conversationId: string | null;
  readonly workflowRunId: string | null;
  readonly usage: TokenUsage | null;
};

export type AssemblerOptions = {
  readonly mode: AgentMode;
  /** Of the answer's text, in UTF-8. */
  readonly maxBytes: number;
  /** Left out of messages, should Dify repeat it. */
  readonly apiKey: string;
  readonly reasoning: Reasoning;
};

/** Outputs of a workflow that are taken for its answer, the likeliest first. */
const OUTPUT_NAMES = ['text', 'answer', 'output', 'result'];
const SUCCESSES = ['succeeded', 'partial-succeeded'];

/**
 * Puts the answer together from the events of one stream, in whatever mode the app is. Knows what each event does to the text;
 * events that do nothing to it (`ping`, `iteration_*`, `loop_*`, `agent_thought`, `agent_log`, `message_file`, `tts_message`, and
 * whatever a later Dify adds) are passed over.
 *
 * That an answer is whole has several proofs, because Dify does not always send the same: `message_end` (chatflows of 1.13 go without, as
 * `#32856` tells), the success of the run, the repetition of all that the new agent said, and, where the stream ends in order, that
 * every node has ended and an answer was among them. That a stream ends in order is no proof: a proxy ends one like that, too.
 */
export class AnswerAssembler {
  /** The whole answer is there, though more events may follow. */
  isDone = false;
  /** The whole answer is there, unless the little that may still follow takes that back. */
  isProven = false;
  taskId: string | null = null;
  private answer = '';
  private answerBytes = 0;
  private messageId: string | null = null;
  private conversationId: string | null = null;
  private workflowRunId: string | null = null;
  private usage: TokenUsage | null = null;
  private outputs: Readonly<Record<string, unknown>> = {};
  private readonly nodes = new NodesOfRun();
  /** The run has failed; the `error` event that follows in some modes says it better. */
  private failure: AgentFailure | undefined;

  constructor(private readonly options: AssemblerOptions) {}

  get hasText(): boolean {
    return this.answer !== '';
  }

  /**
   * @param data Of one server-sent event.
   * @throws {AgentFailure} The agent failed, or the answer is too large.
   */
  take(data: string): void {
    const event = parse(data);
    if (!event) return;
    this.note(event);
    switch (event.event) {
      case 'message':
        // The new agent sends its answer piece by piece as agent_message, and then once more as a whole.
        if (this.options.mode === 'agent') {
          this.isProven ||= (event.answer ?? '') !== '';
          return this.replace(event.answer ?? '');
        }
        return this.append(event.answer ?? '');
      case 'agent_message':
        return this.append(event.answer ?? '');
      case 'message_replace':
        return this.replace(event.answer ?? '');
      case 'text_chunk':
        return this.append(event.data?.text ?? '');
      case 'text_replace':
        return this.replace(event.data?.text ?? '');
      case 'message_end':
        return this.endMessage(event);
      case 'workflow_finished':
        return this.endWorkflow(event);
      case 'node_started':
        return this.nodes.start(event.data?.node_id ?? '');
      case 'node_finished':
        return this.endNode(event);
      case 'workflow_paused':
        throw new AgentFailure('paused', 'The workflow waits for a person; an agent must answer by itself');
      case 'error':
        throw failureOf({ ...event, status: event.status ?? 500 }, this.options.apiKey);
      default:
    }
  }

  /**
   * When the stream is over in order, or {@link isDone} or {@link isProven}.
   *
   * @throws {AgentFailure} It ended before the answer was whole, or the answer is empty.
   */
  finish(): AssembledAnswer {
    if (this.failure) throw this.failure;
    if (!this.isDone && !this.isProven && !this.nodes.areDone)
      throw new AgentFailure('dropped', 'The connection ended before the answer was whole');
    const whole = this.wholeAnswer();
    this.requireSize(Buffer.byteLength(whole));
    const shown = toStorable(withoutReasoning(whole, this.options.reasoning)).trim();
    if (shown === '') throw new AgentFailure('empty', 'The answer has no text');
    const { taskId, messageId, conversationId, workflowRunId, usage } = this;
    return { text: shown, taskId, messageId, conversationId, workflowRunId, usage };
  }

  private wholeAnswer(): string {
    if (this.options.mode === 'workflow') return answerOf(this.outputs) ?? this.answer;
    // Without `message_end` pieces may be missing, too; what a moderation has replaced is not brought back.
    const { answer } = this.outputs;
    return !this.isDone && typeof answer === 'string' && answer.startsWith(this.answer)
      ? answer
      : this.answer;
  }

  private note(event: DifyEvent): void {
    this.taskId ??= event.task_id ?? null;
    this.messageId ??= event.message_id ?? null;
    this.conversationId ??= event.conversation_id ?? null;
    this.workflowRunId ??= event.workflow_run_id ?? null;
  }

  private append(piece: string): void {
    this.answerBytes += Buffer.byteLength(piece);
    this.requireSize(this.answerBytes);
    this.answer += piece;
  }

  private replace(whole: string): void {
    this.answerBytes = 0;
    this.answer = '';
    this.append(whole);
  }

  private requireSize(bytes: number): void {
    const { maxBytes } = this.options;
    if (bytes > maxBytes)
      throw new AgentFailure(
        'too_large',
        `The answer has more than ${maxBytes} bytes (AGENT_ANSWER_MAX_BYTES)`,
      );
  }

  private endMessage({ metadata }: DifyEvent): void {
    const {
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: total,
    } = metadata?.usage ?? {};
    if (metadata?.usage)
      this.usage = { prompt: prompt ?? null, completion: completion ?? null, total: total ?? null };
    this.isDone = this.failure === undefined;
  }

  /** The outputs of a workflow's last node are those of its run. */
  private endNode({ data = {} }: DifyEvent): void {
    const { node_id: nodeId = '', node_type: type = '' } = data;
    this.nodes.finish(nodeId, type);
    if (type === 'end' || type === 'answer') this.outputs = data.outputs ?? {};
  }

  private endWorkflow({ data = {} }: DifyEvent): void {
    this.outputs = data.outputs ?? {};
    if (data.status === 'failed' || data.status === 'stopped') {
      const message = `The workflow ${data.status}${data.error === undefined ? '' : `: ${data.error}`}`;
      const options = { code: `workflow_${data.status}` };
      this.failure = new AgentFailure(
        'failed',
        message.replaceAll(this.options.apiKey, '[redacted]'),
        options,
      );
      this.isDone = false;
      return;
    }
    if (this.options.mode !== 'workflow') {
      this.isProven = SUCCESSES.includes(data.status ?? ''); // `message_end` may follow, with what it took
      return;
    }
    const total = data.total_tokens;
    if (total !== undefined) this.usage = { prompt: null, completion: null, total };
    this.isDone = true;
  }
}

/** What gateways put behind a stream, as OpenAI does. It proves nothing: they do so behind one that broke, too. */
const END_OF_GATEWAYS = '[DONE]';

function parse(data: string): DifyEvent | undefined {
  if (data.trim() === END_OF_GATEWAYS) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch (cause) {
    throw new AgentFailure('bad_answer', 'An event of the stream is not JSON', { cause });
  }
  return eventSchema.safeParse(json).data;
}

/** One of the usual names, else the only text there is. */
function answerOf(outputs: Readonly<Record<string, unknown>>): string | undefined {
  const texts = Object.entries(outputs).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  for (const name of OUTPUT_NAMES) {
    const named = texts.find(([known]) => known === name);
    if (named) return named[1];
  }
  return texts.length === 1 ? texts[0]?.[1] : undefined;
}
