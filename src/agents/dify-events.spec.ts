import { AgentFailure } from './agent-failure.js';
import type { AgentMode } from './agent-modes.js';
import { AnswerAssembler } from './dify-events.js';

const KEY = 'app-0123456789abcdefghijklmn';
type Event = { readonly event: string; readonly [name: string]: unknown };

function assemble(mode: AgentMode, events: readonly Event[], maxBytes = 1000) {
  const assembler = new AnswerAssembler({ mode, maxBytes, apiKey: KEY, reasoning: 'removed' });
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
    const assembler = new AnswerAssembler({ mode: 'chat', maxBytes: 100, apiKey: KEY, reasoning: 'removed' });
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

  describe('of an answer whose message has no end', () => {
    const run = (status: string, outputs?: object) => finished({ status, ...(outputs && { outputs }) });
    const node = (event: string, node_id: string, node_type: string, outputs?: object) => ({
      event,
      data: { node_id, node_type, ...(outputs && { outputs }) },
    });
    const NODES = [node('node_started', '1', 'llm'), node('node_started', '2', 'answer')];
    const ENDED = [node('node_finished', '1', 'llm'), node('node_finished', '2', 'answer')];

    it('takes the success of its run for proof, and what that says beyond the pieces', () => {
      const whole = run('succeeded', { answer: 'Hello' });
      expect(assemble('advanced-chat', [message('Hello'), whole, END])).toMatchObject({
        text: 'Hello',
        usage: { total: 3 },
      });
      expect(assemble('advanced-chat', [message('Hello'), whole]).text).toBe('Hello');
      expect(assemble('advanced-chat', [message('Hel'), whole]).text).toBe('Hello');
      expect(assemble('advanced-chat', [message('Hello'), run('partial-succeeded')]).text).toBe('Hello');
      expect(failureOf('advanced-chat', [message('Hel'), run('paused')]).kind).toBe('dropped');
    });

    it('does not bring back what was replaced', () => {
      const events = [message('Bad words'), { event: 'message_replace', answer: 'Sorry' }];
      expect(assemble('advanced-chat', [...events, run('succeeded', { answer: 'Bad words' })]).text).toBe(
        'Sorry',
      );
    });

    it('takes an answer node and the end of every node for proof', () => {
      expect(assemble('advanced-chat', [...NODES, message('Hello'), ...ENDED]).text).toBe('Hello');
      const [llm, answer] = ENDED;
      expect(failureOf('advanced-chat', [...NODES, message('Hel'), answer]).kind).toBe('dropped');
      expect(failureOf('advanced-chat', [...NODES, message('Hel'), llm]).kind).toBe('dropped');
      const failed = finished({ status: 'failed', error: 'why' });
      expect(failureOf('advanced-chat', [...NODES, message('Hello'), ...ENDED, failed]).kind).toBe('failed');
    });

    it('finds that of a workflow in its last node', () => {
      const end = [node('node_started', '9', 'end'), node('node_finished', '9', 'end', { text: 'Hello' })];
      expect(assemble('workflow', end).text).toBe('Hello');
    });

    it('takes the repetition of the new agent for proof, and nothing for one of a chat', () => {
      expect(assemble('agent', [{ event: 'agent_message', answer: 'Hel' }, message('Hello')]).text).toBe(
        'Hello',
      );
      expect(failureOf('agent', [{ event: 'agent_message', answer: 'Hel' }]).kind).toBe('dropped');
      expect(failureOf('chat', [message('Hello')]).kind).toBe('dropped');
    });
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
    const assembler = new AnswerAssembler({ mode: 'chat', maxBytes: 10, apiKey: KEY, reasoning: 'removed' });
    expect(() => assembler.take('not JSON')).toThrow(AgentFailure);
    assembler.take(JSON.stringify(message('Hel')));
    assembler.take(' [DONE]'); // of a gateway: no event, and no proof
    expect(() => assembler.finish()).toThrow(/ended before the answer was whole/);
  });
});
