import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { createParser, type EventSourceParser } from 'eventsource-parser';
import { z } from 'zod';
import { Config } from '../platform/config.js';
import { AgentFailure } from './agent-failure.js';
import { type AgentMode, isAgentMode, MODE_PATHS, takesQueryAsInput } from './agent-modes.js';
import { AnswerAssembler, type AssembledAnswer } from './dify-events.js';
import { askDifyForJson, openDify, toFailure } from './dify-http.js';
import { type InputField, readInputForm, toStorable } from './input-form.js';
import type { Reasoning } from './reasoning.js';
import { cutText } from '../platform/cut-text.js';

/** Characters of one event; those of workflow nodes carry all that the node saw. */
const EVENT_MAX_LENGTH = 8 * 1_048_576;
/** Characters of a whole stream. */
const STREAM_MAX_LENGTH = 64 * 1_048_576;
const STOP_LIMIT_MS = 2000;
/** For what comes after the answer. */
const LEAVE_LIMIT_MS = 2000;

/** One Dify app and the key to it. */
export type DifyApp = { readonly baseUrl: string; readonly apiKey: string };

/** What an app says of itself. */
export type AppDescription = {
  readonly name: string;
  readonly mode: AgentMode;
  readonly inputs: readonly InputField[];
};

export type Question = {
  /** End user, as Dify keeps them apart. */
  readonly user: string;
  readonly query: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** What becomes of the model's thoughts in the answer. */
  readonly reasoning: Reasoning;
};

export type DifyAnswer = AssembledAnswer & {
  /** From the request until the first piece of the answer's text. */
  readonly firstTextMs: number | null;
};

const infoSchema = z.object({ name: z.string().transform(toStorable).catch(''), mode: z.string() });
const parametersSchema = z.object({ user_input_form: z.unknown() });

/**
 * Dify's service API, for apps of every mode. Asks with streaming only: agent apps refuse to answer in one piece.
 *
 * @see https://docs.dify.ai/api-reference
 */
@Injectable()
export class DifyClient {
  constructor(private readonly config: Config) {}

  /** @throws {AgentFailure} */
  async describe(app: DifyApp, signal: AbortSignal): Promise<AppDescription> {
    const info = infoSchema.safeParse(await this.getJson(app, 'info', signal)).data;
    if (!isAgentMode(info?.mode)) {
      const said = info === undefined ? 'does not say its mode' : `is of mode '${cutText(info.mode, 30)}'`;
      throw new AgentFailure('bad_answer', `The app ${said}, which cannot be asked; check the base URL`);
    }
    const parameters = parametersSchema.safeParse(await this.getJson(app, 'parameters', signal)).data;
    const inputs = readInputForm(parameters?.user_input_form);
    return { name: cutText(info.name, 200), mode: info.mode, inputs };
  }

  /**
   * Asks once and waits for the whole answer. When it is not wanted any more (the signal fired, it is too long), Dify is told to
   * stop, so that no model goes on for nobody.
   *
   * @throws {AgentFailure} No whole answer.
   */
  async ask(app: DifyApp, mode: AgentMode, question: Question, signal: AbortSignal): Promise<DifyAnswer> {
    const { AGENT_ANSWER_MAX_BYTES: maxBytes } = this.config.env;
    const assembler = new AnswerAssembler({
      mode,
      maxBytes,
      apiKey: app.apiKey,
      reasoning: question.reasoning,
    });
    const startedMs = performance.now();
    try {
      const response = await this.open(app, mode, question, signal);
      const firstTextAtMs = await readStream(response, assembler);
      const firstTextMs = firstTextAtMs === null ? null : Math.round(firstTextAtMs - startedMs);
      return { ...assembler.finish(), firstTextMs };
    } catch (error) {
      if (assembler.taskId !== null && !assembler.isDone && isGivenUp(error, signal)) {
        this.stop(app, mode, assembler.taskId, question.user);
      }
      throw toFailure(error);
    }
  }

  private async open(
    app: DifyApp,
    mode: AgentMode,
    { user, query, inputs }: Question,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const body = takesQueryAsInput(mode)
      ? { inputs: { query, ...inputs }, response_mode: 'streaming', user }
      : { inputs, query, response_mode: 'streaming', user, conversation_id: '', auto_generate_name: false };
    const response = await openDify({
      ...this.requestTo(app, signal),
      method: 'POST',
      path: MODE_PATHS[mode].ask,
      body,
    });
    const { 'content-type': type = '', 'content-encoding': coding = '' } = response.headers;
    const encoding = coding.trim().toLowerCase() || 'identity';
    if (type.toLowerCase().startsWith('text/event-stream') && encoding === 'identity') return response;
    response.destroy();
    if (encoding !== 'identity')
      throw new AgentFailure(
        'bad_answer',
        `The answer is packed (${cutText(encoding, 30)}), which was not asked for; a proxy on the way may do that`,
      );
    throw new AgentFailure('bad_answer', 'The answer is not a stream of events; check the base URL');
  }

  private getJson(app: DifyApp, path: string, signal: AbortSignal): Promise<unknown> {
    return askDifyForJson({ ...this.requestTo(app, signal), method: 'GET', path });
  }

  /** Nobody waits for it, and nothing hangs on it. */
  private stop(app: DifyApp, mode: AgentMode, taskId: string, user: string): void {
    const path = MODE_PATHS[mode].stop(encodeURIComponent(taskId));
    const signal = AbortSignal.timeout(STOP_LIMIT_MS);
    const request = { ...this.requestTo(app, signal), method: 'POST', path, body: { user } } as const;
    askDifyForJson(request).catch(() => undefined);
  }

  private requestTo({ baseUrl, apiKey }: DifyApp, signal: AbortSignal) {
    return { baseUrl, apiKey, signal, privateNetworks: this.config.env.AGENT_PRIVATE_NETWORKS };
  }
}

/** Whether it was us who ended it, while Dify goes on. */
function isGivenUp(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted || (error instanceof AgentFailure && error.kind === 'too_large');
}

/** @returns When the first text came, by `performance.now()`. */
async function readStream(response: IncomingMessage, assembler: AnswerAssembler): Promise<number | null> {
  let firstTextAtMs: number | null = null;
  let length = 0;
  let limit: NodeJS.Timeout | undefined;
  const parser = createParser({
    maxBufferSize: EVENT_MAX_LENGTH,
    onEvent: ({ data }) => {
      if (!assembler.isDone) assembler.take(data);
    },
    onError: ({ type }) => {
      if (type === 'max-buffer-size-exceeded') throw tooLong();
    },
  });
  response.setEncoding('utf8');
  try {
    for await (const piece of response.iterator({ destroyOnReturn: false }) as AsyncIterable<string>) {
      if (length + piece.length > STREAM_MAX_LENGTH) throw tooLong();
      parser.feed(length === 0 ? piece.replace(/^\uFEFF/, '') : piece);
      length += piece.length;
      if (assembler.hasText) firstTextAtMs ??= performance.now();
      if (assembler.isDone) break;
      if (assembler.isProven) limit ??= setTimeout(() => response.destroy(), LEAVE_LIMIT_MS);
    }
    if (assembler.isDone) leave(response);
    else feedLast(parser);
  } catch (error) {
    response.destroy();
    if (error instanceof AgentFailure) throw error;
    if (!assembler.isProven)
      throw new AgentFailure('dropped', 'The connection broke before the answer was whole', { cause: error });
  } finally {
    clearTimeout(limit);
  }
  return firstTextAtMs;
}

/** Behind an end that was in order, the last event may lack the empty line; one that is cut off counts as not sent. */
function feedLast(parser: EventSourceParser): void {
  try {
    parser.feed('\n\n');
  } catch (error) {
    if (!(error instanceof AgentFailure && error.kind === 'bad_answer')) throw error;
  }
}

/** What comes after the answer, such as the end of a chatflow's run, is let come: Dify ends its run with the connection. */
function leave(response: IncomingMessage): void {
  response.on('error', () => undefined).resume();
  setTimeout(() => response.destroy(), LEAVE_LIMIT_MS).unref();
}

function tooLong(): AgentFailure {
  return new AgentFailure('too_large', 'The stream of events is too long');
}
