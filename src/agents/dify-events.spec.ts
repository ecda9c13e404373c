import { AgentFailure } from './agent-failure.js';
import type { AgentMode } from './agent-modes.js';
import { AnswerAssembler } from './dify-events.js';

const KEY = 'app-0123456789abcdefghijklmn';
type Event = { readonly event: string; readonly [name: string]: unknown };

function assemble(mode: AgentMode, events: readonly Event[], maxBytes = 1000) {
  const assembler = new AnswerAssembler({ mode, maxBytes, apiKey: KEY });
  for (const event of events) if (!assembler.isDone) assembler.take(JSON.stringify(event));
  return assembler.finish();
}

function failureOf(mode: AgentMode, events: readonly Event[], maxBytes?: number): AgentFailure {
  try {
    assemble(mode, events, maxBytes);
  } catch (error) {
    if (error instanceof AgentFailure) return error;
    throw error;
  }
  throw new Error('It gave an answer');
}

const message = (answer: string) => ({ event: 'message', answer });
const END = {
  event: 'message_end',
  metadata: { usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } },
};
const finished = (data: object) => ({ event: 'workflow_finished', data });

describe('AnswerAssembler', () => {
  it('joins the pieces of a chat app, and keeps the ids', () => {
    const ids = { task_id: 't', message_id: 'm', conversation_id: 'c' };
    expect(assemble('chat', [{ ...message('Hel'), ...ids }, message('lo'), END])).toEqual({
      text: 'Hello',
      taskId: 't',
      messageId: 'm',
      conversationId: 'c',
      workflowRunId: null,
      usage: { prompt: 1, completion: 2, total: 3 },
    });
  });

  it('does not append what the new agent repeats at the end', () => {
    const piece = (answer: string) => ({ event: 'agent_message', answer });
    expect(assemble('agent', [piece('Hel'), piece('lo'), message('Hello'), END]).text).toBe('Hello');
    expect(assemble('agent-chat', [piece('Hel'), piece('lo'), END]).text).toBe('Hello');
  });

  it('replaces what was said, and goes on from there', () => {
    const replace = { event: 'message_replace', answer: 'Sorry' };
    expect(assemble('chat', [message('Bad words'), replace, message('.'), END]).text).toBe('Sorry.');
    const textReplace = { event: 'text_replace', data: { text: 'Sorry' } };
    const chunk = { event: 'text_chunk', data: { text: 'Bad words' } };
    expect(assemble('workflow', [chunk, textReplace, finished({ status: 'succeeded' })]).text).toBe('Sorry');
  });

  it.each([
    'ping',
    'workflow_started',
    'node_started',
    'node_finished',
    'node_retry',
    'iteration_next',
    'loop_completed',
    'parallel_branch_started',
    'agent_thought',
    'agent_log',
    'message_file',
    'tts_message',
    'tts_message_end',
    'one_of_tomorrow',
  ])('is not moved by %s', (event) => {
    const other = {
      event,
      answer: 'x',
      thought: 'x',
      audio: 'x',
      data: { text: 'x', outputs: { text: 'x' } },
    };
    expect(assemble('advanced-chat', [other, message('Hello'), other, END]).text).toBe('Hello');
  });

  it('takes members of a wrong type for absent', () => {
    expect(assemble('chat', [{ event: 'message', answer: 5, task_id: {} }, message('Hello'), END]).text).toBe(
      'Hello',
    );
  });

  it.each([
    [{ text: 'The text', other: 'x' }, 'The text'],
    [{ result: 'The result', other: 'x' }, 'The result'],
    [{ greeting: 'The only one', score: 3 }, 'The only one'],
  ])('finds the answer of a workflow in %j', (outputs, text) => {
    expect(assemble('workflow', [finished({ status: 'succeeded', outputs, total_tokens: 9 })])).toMatchObject(
      {
        text,
        usage: { total: 9 },
      },
    );
  });

  it('finds none among several texts with unusual names', () => {
    const outputs = { greeting: 'a', farewell: 'b' };
    expect(failureOf('workflow', [finished({ status: 'succeeded', outputs })]).kind).toBe('empty');
    expect(assemble('workflow', [finished({ status: 'partial-succeeded', outputs: { a: 'b' } })]).text).toBe(
      'b',
    );
  });

  it('leaves out what cannot be stored', () => {
    const event = `{"event":"message","answer":"He\\u0000llo\\ud83d"}`;
    const assembler = new AnswerAssembler({ mode: 'chat', maxBytes: 100, apiKey: KEY });
    assembler.take(event);
    assembler.take(JSON.stringify(END));
    expect(assembler.finish().text).toBe('Hello\uFFFD');
  });

  it('leaves out the thoughts of a reasoning model', () => {
    expect(assemble('chat', [message('<think>\nHm.\n</think>\n\nHello'), END]).text).toBe('Hello');
    expect(failureOf('chat', [message('<think>Hm.</think> '), END]).kind).toBe('empty');
  });

  it.each<[number, string, string]>([
    [429, 'rate_limit_error', 'rate_limited'],
    [500, 'internal_server_error', 'server_error'],
    [503, '', 'server_error'],
    [400, 'completion_request_error', 'not_ready'],
    [400, 'invalid_param', 'refused'],
    [401, 'unauthorized', 'unauthorized'],
  ])('ends with an error event of status %d (%s)', (status, code, kind) => {
    const error = { event: 'error', status, code, message: `No, ${KEY}` };
    const failure = failureOf('chat', [message('Hel'), error]);
    expect(failure).toMatchObject({ kind, status });
    expect(failure.message).not.toContain(KEY);
    expect(failureOf('chat', [{ event: 'error', message: 'x' }]).kind).toBe('server_error');
  });

  it.each(['failed', 'stopped'])(
    'takes a run that %s for a failure, also when a message ended before',
    (status) => {
      expect(failureOf('workflow', [finished({ status, error: 'why' })])).toMatchObject({
        kind: 'failed',
        message: `The workflow ${status}: why`,
      });
      const events = [message('Half'), finished({ status }), { event: 'error', status: 429, code: 'x' }];
      expect(failureOf('advanced-chat', events).kind).toBe('rate_limited');
      expect(failureOf('advanced-chat', [message('Half'), finished({ status }), END]).kind).toBe('failed');
    },
  );

  it('waits for the end of the message of a chatflow, not for that of its run', () => {
    const run = finished({ status: 'succeeded', outputs: { answer: 'Hello' } });
    expect(failureOf('advanced-chat', [message('Hel'), run]).kind).toBe('dropped');
    expect(assemble('advanced-chat', [message('Hello'), run, END]).text).toBe('Hello');
  });

  it('counts bytes, of a replacement anew, of outputs too', () => {
    const events = [message('ä'.repeat(5)), { event: 'message_replace', answer: 'ä'.repeat(5) }, END];
    expect(assemble('chat', events, 10).text).toHaveLength(5);
    expect(failureOf('chat', events, 9).kind).toBe('too_large');
    const outputs = { text: 'x'.repeat(11) };
    expect(failureOf('workflow', [finished({ status: 'succeeded', outputs })], 10).kind).toBe('too_large');
  });

  it('knows an answer that was cut off, and what is no event at all', () => {
    expect(failureOf('chat', [message('Hel')]).kind).toBe('dropped');
    const assembler = new AnswerAssembler({ mode: 'chat', maxBytes: 10, apiKey: KEY });
    expect(() => assembler.take('not JSON')).toThrow(AgentFailure);
  });
});
