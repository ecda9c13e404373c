import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { DifyMode, Scenario } from './stand-in-dify.js';

/** One call of a tool, as `agent_thought` tells it. */
export type ToolUse = { readonly tool: string; readonly input: string; readonly observation: string };

export type AnswerRun = {
  readonly taskId: string;
  readonly messageId: string;
  readonly conversationId: string | undefined;
  readonly mode: DifyMode;
  readonly scenario: Scenario;
  readonly slowMs: number;
  readonly pingMs: number;
  /** Writes the answer; tells of each tool that it uses. */
  readonly write: (toolUsed: (use: ToolUse) => void) => Promise<string>;
  /** Somebody stopped it. */
  readonly end: () => void;
};

type Event = { readonly event: string; readonly [name: string]: unknown };

const HUGE_PIECES = 400;
const USAGE = {
  prompt_tokens: 1033,
  completion_tokens: 135,
  total_tokens: 1168,
  total_price: '0.0013',
  currency: 'USD',
};
/** So that characters, and the line ends between events, are cut in the middle. */
const CHUNK_BYTES = 7;

/** Streams one answer as an app of this mode does, or as the scenario spoils it. */
export async function streamAnswer(run: AnswerRun, response: ServerResponse): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
  });
  const send = (event: Event) =>
    writeInPieces(response, `data: ${JSON.stringify({ ...idsOf(run), ...event })}\n\n`);
  response.write('event: ping\n\n');
  if (run.scenario === 'slow') await pingFor(run, response);
  await begin(run, send);
  const isOver = await spoil(run, send, response);
  if (isOver || response.destroyed) return;
  const uses: ToolUse[] = [];
  let answer: string;
  try {
    answer = await run.write((use) => uses.push(use));
  } catch {
    await send({ event: 'error', status: 500, code: 'internal_server_error', message: 'A tool failed.' });
    return void response.end();
  }
  for (const [index, { tool, input: tool_input, observation }] of uses.entries())
    await send({
      event: 'agent_thought',
      id: `thought-${index}`,
      position: index + 1,
      thought: '',
      tool,
      tool_input,
      observation,
    });
  const text = run.scenario === 'thinking' ? `<think>\nA customer. Be kind.\n</think>\n\n${answer}` : answer;
  await sendPieces(run, run.scenario === 'empty' ? '' : text, send);
  if (run.scenario === 'replaced') await replace(run, send);
  await end(run, text, send);
  response.end();
}

async function begin({ mode, messageId }: AnswerRun, send: Send): Promise<void> {
  if (mode === 'agent-chat' || mode === 'agent')
    await send({
      event: 'agent_thought',
      id: 'thought',
      position: 1,
      thought: '',
      tool: '',
      observation: '',
    });
  if (mode !== 'advanced-chat' && mode !== 'workflow') return;
  await send({ event: 'workflow_started', workflow_run_id: messageId, data: { id: messageId, inputs: {} } });
  await send({ event: 'node_started', data: { node_id: '1', node_type: 'start', title: 'Start', index: 1 } });
  await send({
    event: 'node_finished',
    data: { node_id: '1', status: 'succeeded', outputs: { text: 'not the answer' } },
  });
  await send({ event: 'iteration_started', data: { node_id: '2', title: 'Iteration' } });
  await send({
    event: 'iteration_completed',
    data: { node_id: '2', outputs: { output: ['not the answer'] } },
  });
}

type Send = (event: Event) => Promise<void>;

/** What comes after the first pieces instead of the rest; the stream then ends, unless it is left open or broken off. */
const BROKEN: Partial<
  Record<Scenario, (run: AnswerRun, send: Send, response: ServerResponse) => Promise<void>>
> = {
  error_midway: (_run, send) =>
    send({ event: 'error', status: 400, code: 'completion_request_error', message: 'The model failed.' }),
  rate_limit_midway: (_run, send) =>
    send({ event: 'error', status: 429, code: 'rate_limit_error', message: 'Too many.' }),
  dropped: async (_run, _send, response) => void response.destroy(),
  cut_short: async () => undefined,
  silent: async () => undefined,
  huge: async (run, send, response) => {
    for (let piece = 0; piece < HUGE_PIECES && !response.destroyed; piece += 1)
      await sendPieces(run, 'x'.repeat(1000), send);
  },
  run_failed: async ({ mode }, send) => {
    await send({
      event: 'workflow_finished',
      data: { status: 'failed', error: 'A node broke.', outputs: null },
    });
    if (mode === 'advanced-chat')
      await send({ event: 'error', status: 400, code: 'invalid_param', message: 'A node broke.' });
  },
  paused: (_run, send) => send({ event: 'workflow_paused', data: { paused_nodes: ['3'] } }),
};

/** @returns Whether there is nothing more to come. */
async function spoil(run: AnswerRun, send: Send, response: ServerResponse): Promise<boolean> {
  const spoiler = BROKEN[run.scenario];
  if (!spoiler) return false;
  await sendPieces(run, 'Welcome, dear ', send);
  await spoiler(run, send, response);
  if (run.scenario !== 'silent') response.end();
  return true;
}

async function sendPieces(run: AnswerRun, text: string, send: Send): Promise<void> {
  const pieces = text.length > 500 ? [text] : (text.match(/.{1,9}/gsu) ?? []);
  for (const piece of pieces) {
    if (run.mode === 'workflow') {
      await send({ event: 'text_chunk', data: { text: piece, from_variable_selector: ['3', 'text'] } });
    } else {
      const event = run.mode === 'agent-chat' || run.mode === 'agent' ? 'agent_message' : 'message';
      await send({ event, id: run.messageId, answer: piece });
    }
  }
}

async function replace({ mode }: AnswerRun, send: Send): Promise<void> {
  const answer = 'I cannot say that.';
  if (mode === 'workflow') return send({ event: 'text_replace', data: { text: answer } });
  return send({ event: 'message_replace', answer, reason: 'output_moderation' });
}

async function end(run: AnswerRun, text: string, send: Send): Promise<void> {
  const { mode, scenario } = run;
  const isSpoilt = scenario === 'replaced' || scenario === 'empty';
  if (mode === 'workflow') {
    const outputs = isSpoilt ? {} : { text, score: 3 };
    return send({ event: 'workflow_finished', data: { status: 'succeeded', outputs, total_tokens: 1168 } });
  }
  // The new agent repeats its whole answer.
  if (mode === 'agent' && !isSpoilt) await send({ event: 'message', id: run.messageId, answer: text });
  await send({
    event: 'message_end',
    id: run.messageId,
    metadata: { usage: USAGE, retriever_resources: [] },
  });
  await send({ event: 'tts_message', audio: 'AAAA' });
  await send({ event: 'tts_message_end', audio: '' });
  if (mode === 'advanced-chat')
    await send({ event: 'workflow_finished', data: { status: 'succeeded', outputs: { answer: text } } });
}

function idsOf({ taskId, messageId, conversationId, mode }: AnswerRun): object {
  if (mode === 'workflow') return { task_id: taskId, workflow_run_id: messageId };
  const ids = { task_id: taskId, message_id: messageId, created_at: 1_764_000_000 };
  return conversationId === undefined ? ids : { ...ids, conversation_id: conversationId };
}

async function pingFor({ slowMs, pingMs }: AnswerRun, response: ServerResponse): Promise<void> {
  for (let passedMs = 0; passedMs < slowMs && !response.destroyed; passedMs += pingMs) {
    await delay(pingMs);
    response.write('event: ping\n\n');
  }
}

async function writeInPieces(response: ServerResponse, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  if (bytes.length > 1000) {
    response.write(bytes);
    return;
  }
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) response.write(bytes.subarray(at, at + CHUNK_BYTES));
  await new Promise((resolve) => setImmediate(resolve));
}
