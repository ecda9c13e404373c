import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AnswerRun, streamAnswer } from './stand-in-dify-stream.js';
import { type McpAccess, writeWithTools } from './stand-in-dify-agent.js';

export type DifyMode = 'chat' | 'agent-chat' | 'advanced-chat' | 'agent' | 'workflow' | 'completion';

/** How an app behaves when it is asked. */
export type Scenario =
  | 'ok'
  | 'slow' // answers after `slowMs`, with pings before
  | 'hanging' // takes the request and never says a word
  | 'silent' // begins to answer and stops in the middle, the connection open
  | 'too_many_requests' // 429: too many at once
  | 'rate_limit_error' // 429: the plan's quota
  | 'internal_server_error' // 500
  | 'bad_gateway' // 502 of a proxy, in HTML
  | 'error_midway' // an error event after the first pieces
  | 'rate_limit_midway'
  | 'dropped' // the connection breaks after the first pieces
  | 'cut_short' // it ends in order, but before the answer is whole
  | 'replaced' // message_replace: moderation takes the answer back
  | 'not_published'
  | 'app_unavailable'
  | 'quota_exceeded'
  | 'run_failed' // the workflow fails
  | 'paused' // the workflow waits for a person
  | 'empty'
  | 'thinking' // with a reasoning model's thoughts
  | 'huge'
  | 'html' // something else than Dify answers
  | 'redirect'; // to an address that takes what it gets

export type StandInApp = {
  readonly id: string;
  readonly key: string;
  mode: DifyMode;
  name: string;
  /** What its form asks for, as `GET /v1/parameters` tells it. */
  form: readonly FormField[];
  /** What it writes. */
  answer: string;
  /** What it calls while it writes: then the answer is made of what the tools told. */
  mcp: McpAccess | undefined;
  scenario: Scenario;
  /** Come first, one for each request. */
  readonly next: Scenario[];
  isApiEnabled: boolean;
  slowMs: number;
  /** Seconds, with a 429. */
  retryAfter: number | undefined;
};

export type FormField = Readonly<
  Record<string, { readonly variable: string; readonly label: string; readonly required: boolean } & Fields>
>;
type Fields = { readonly [name: string]: unknown };

/** A request to ask, stop or describe, as it came. */
export type Recorded = {
  readonly path: string;
  readonly appId: string | undefined;
  readonly body: Fields;
};

class DifyRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const PING_MS = 50; // Dify's own is 10 s
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const CHAT_MODES: readonly DifyMode[] = ['chat', 'agent-chat', 'advanced-chat', 'agent'];
const SCENARIO_REFUSALS: Partial<Record<Scenario, [status: number, code: string, message: string]>> = {
  too_many_requests: [429, 'too_many_requests', 'Too many requests. Please try again later.'],
  rate_limit_error: [
    429,
    'rate_limit_error',
    'Sorry, you have reached the knowledge base request rate limit.',
  ],
  internal_server_error: [
    500,
    'internal_server_error',
    'The server encountered an internal error and was unable to complete your request.',
  ],
  not_published: [
    400,
    'agent_not_published',
    'Agent has not been published. Please publish the agent first.',
  ],
  app_unavailable: [400, 'app_unavailable', 'App unavailable, please check your app configurations.'],
  quota_exceeded: [
    400,
    'provider_quota_exceeded',
    'Your quota for Dify Hosted Model Provider has been exhausted.',
  ],
};

/**
 * Dify's service API (1.15) as far as apps are asked with it, and apps that behave as a test wants: what is refused in which
 * order and with which words, which events each mode sends, what breaks and how.
 */
export class StandInDify {
  readonly requests: Recorded[] = [];
  readonly stopped: string[] = [];
  private readonly apps = new Map<string, StandInApp>();
  private readonly conversations = new Map<string, { readonly key: string; readonly user: string }>();
  private readonly running = new Map<string, AnswerRun>();

  private constructor(private readonly server: Server) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void this.answer(request, response);
    });
  }

  static async start(): Promise<StandInDify> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new StandInDify(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  /** An app with a key of its own, published and well unless said otherwise. */
  addApp(settings: Partial<Omit<StandInApp, 'id' | 'key' | 'next'>> = {}): StandInApp {
    const app: StandInApp = {
      id: randomUUID(),
      key: `app-${randomBytes(18).toString('base64url').replace(/[-_]/g, 'x')}`,
      mode: 'chat',
      name: 'Stand-in',
      form: [],
      answer: 'Welcome, 小明! 👋 We are glad that you are here.',
      mcp: undefined,
      scenario: 'ok',
      next: [],
      isApiEnabled: true,
      slowMs: 300,
      retryAfter: undefined,
      ...settings,
    };
    this.apps.set(app.key, app);
    return app;
  }

  /** Requests that asked an app. */
  asked(app: StandInApp): readonly Recorded[] {
    const asks = /^(chat-messages|completion-messages|workflows\/run)$/;
    return this.requests.filter(({ appId, path }) => appId === app.id && asks.test(path));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').replace(/^\/v1\/?/, '').replace(/\?.*$/, '');
    response.on('error', () => undefined);
    try {
      if (path === '')
        return json(response, 200, { welcome: 'Dify OpenAPI', api_version: 'v1', server_version: '1.15.0' });
      const app = this.authorize(request);
      const body = request.method === 'POST' ? await readBody(request) : {};
      this.requests.push({ path, appId: app.id, body });
      if (request.method === 'GET') return this.describe(app, path, response);
      if (typeof body['user'] !== 'string' || body['user'] === '')
        throw new DifyRefusal(400, 'invalid_param', 'Arg user must be provided.');
      const stop = /\/([^/]+)\/stop$/.exec(path)?.[1];
      if (stop !== undefined) return this.stopRun(stop, response);
      await this.ask(app, path, body, response);
    } catch (error) {
      if (!(error instanceof DifyRefusal)) throw error;
      if (error.status === 401) response.setHeader('www-authenticate', 'Bearer realm="api"');
      const { code, message, status } = error;
      json(response, status, { code, message, status });
    }
  }

  private authorize({ headers: { authorization = '' } }: IncomingMessage): StandInApp {
    const [scheme, key = ''] = authorization.split(' ');
    if (scheme?.toLowerCase() !== 'bearer')
      throw new DifyRefusal(
        401,
        'unauthorized',
        "Authorization header must be provided and start with 'Bearer'",
      );
    const app = this.apps.get(key);
    if (!app) throw new DifyRefusal(401, 'unauthorized', 'Access token is invalid');
    if (!app.isApiEnabled)
      throw new DifyRefusal(403, 'forbidden', "The app's API service has been disabled.");
    return app;
  }

  private describe(app: StandInApp, path: string, response: ServerResponse): void {
    const { name, mode, form, scenario } = app;
    if (scenario === 'html') return html(response, 200);
    if (path === 'info')
      return json(response, 200, { name, description: '', tags: [], mode, author_name: 'Dify' });
    if (path === 'parameters')
      return json(response, 200, { opening_statement: '', suggested_questions: [], user_input_form: form });
    throw new DifyRefusal(404, 'not_found', 'The requested URL was not found on the server.');
  }

  private stopRun(taskId: string, response: ServerResponse): void {
    this.stopped.push(taskId);
    this.running.get(taskId)?.end();
    json(response, 200, { result: 'success' });
  }

  private async ask(app: StandInApp, path: string, body: Fields, response: ServerResponse): Promise<void> {
    requireRoute(app, path);
    requireBody(app, body);
    const conversationId = CHAT_MODES.includes(app.mode) ? this.conversationOf(app, body) : undefined;
    requireInputs(app, body['inputs'] as Fields);
    const scenario = app.next.shift() ?? app.scenario;
    const refusal = SCENARIO_REFUSALS[scenario];
    if (refusal) {
      if (refusal[0] === 429 && app.retryAfter !== undefined)
        response.setHeader('retry-after', app.retryAfter);
      throw new DifyRefusal(...refusal);
    }
    if (scenario === 'hanging') return;
    if (scenario === 'redirect') return void response.writeHead(307, { location: '/v1/elsewhere' }).end();
    if (scenario === 'bad_gateway') return html(response, 502);
    if (scenario === 'html') return html(response, 200);
    const run: AnswerRun = {
      taskId: randomUUID(),
      messageId: randomUUID(),
      conversationId,
      pingMs: PING_MS,
      mode: app.mode,
      slowMs: app.slowMs,
      scenario,
      end: () => response.end(),
      write: (toolUsed) => (app.mcp ? writeWithTools(app.mcp, body, toolUsed) : Promise.resolve(app.answer)),
    };
    this.running.set(run.taskId, run);
    if (body['response_mode'] === 'streaming') await streamAnswer(run, response);
    else json(response, 200, await blockingAnswer(run));
    this.running.delete(run.taskId);
  }

  private conversationOf({ key }: StandInApp, body: Fields): string {
    const asked = body['conversation_id'] ?? '';
    const user = String(body['user']);
    if (asked === '') {
      const id = randomUUID();
      this.conversations.set(id, { key, user });
      return id;
    }
    if (typeof asked !== 'string' || !UUID.test(asked))
      throw new DifyRefusal(400, 'invalid_param', `${JSON.stringify(asked)} is not a valid uuid.`);
    const known = this.conversations.get(asked);
    if (known?.key !== key || known.user !== user)
      throw new DifyRefusal(404, 'not_found', 'Conversation Not Exists.');
    return asked;
  }
}

function requireRoute({ mode }: StandInApp, path: string): void {
  if (path === 'chat-messages') {
    if (CHAT_MODES.includes(mode)) return;
    throw new DifyRefusal(400, 'not_chat_app', 'Please check if your app mode matches the right API route.');
  }
  if (path === 'completion-messages') {
    if (mode === 'completion') return;
    throw new DifyRefusal(400, 'app_unavailable', 'App unavailable, please check your app configurations.');
  }
  if (path === 'workflows/run') {
    if (mode === 'workflow') return;
    throw new DifyRefusal(
      400,
      'not_workflow_app',
      'Please check if your app mode matches the right API route.',
    );
  }
  throw new DifyRefusal(404, 'not_found', 'The requested URL was not found on the server.');
}

function requireBody({ mode }: StandInApp, { inputs, query, response_mode: how = 'blocking' }: Fields): void {
  if (typeof inputs !== 'object' || inputs === null)
    throw new DifyRefusal(400, 'invalid_param', 'Missing required parameter in the JSON body: inputs');
  if (CHAT_MODES.includes(mode) && (typeof query !== 'string' || query === ''))
    throw new DifyRefusal(400, 'invalid_param', 'query is required');
  if (how === 'streaming') return;
  if (mode === 'agent-chat')
    throw new DifyRefusal(400, 'invalid_param', 'Agent Chat App does not support blocking mode');
  if (mode === 'agent')
    throw new DifyRefusal(400, 'bad_request', 'Agent App only supports streaming response mode.');
}

function requireInputs({ form }: StandInApp, inputs: Fields): void {
  for (const field of form.flatMap((entry) => Object.values(entry))) {
    const value = inputs[field.variable];
    const wrong = (what: string) => new DifyRefusal(400, 'invalid_param', what);
    if (value === undefined || value === null || value === '') {
      if (field.required) throw wrong(`${field.variable} is required in input form`);
      continue;
    }
    const max = field['max_length'];
    if (typeof max === 'number' && typeof value === 'string' && value.length > max)
      throw wrong(`${field.variable} in input form must be less than ${max} characters`);
    const options = field['options'];
    if (Array.isArray(options) && !options.includes(value))
      throw wrong(`${field.variable} in input form must be one of the following: ${options.join(', ')}`);
  }
}

async function blockingAnswer(run: AnswerRun): Promise<object> {
  const answer = await run.write(() => undefined);
  const { taskId: task_id, messageId: message_id, mode, conversationId: conversation_id } = run;
  if (mode === 'workflow')
    return {
      task_id,
      workflow_run_id: run.messageId,
      data: { status: 'succeeded', outputs: { text: answer } },
    };
  const ids = { event: 'message', task_id, id: message_id, message_id, conversation_id };
  return {
    ...ids,
    mode,
    answer,
    metadata: { usage: {}, retriever_resources: [] },
    created_at: 1_764_000_000,
  };
}

async function readBody(request: IncomingMessage): Promise<Fields> {
  let text = '';
  for await (const piece of request.setEncoding('utf8')) text += String(piece);
  try {
    return JSON.parse(text) as Fields;
  } catch {
    throw new DifyRefusal(400, 'bad_request', 'Failed to decode JSON object');
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function html(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'text/html' }).end('<html><body>nginx</body></html>');
}
