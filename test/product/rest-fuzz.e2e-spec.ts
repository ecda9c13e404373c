import * as fc from 'fast-check';
import { Agent, request as send } from 'node:http';
import {
  operationsOf,
  RequestMaker,
  type FuzzRequest,
  type Operation,
  type Schemas,
} from '../support/openapi-fuzz.js';
import { createTestApp, type TestApp } from '../support/test-app.js';
import { HANG_MS } from '../support/waiting.js';

const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 4000);
/** The same requests each time, so that a change which breaks something is the one that is told; others by the variable. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const PARALLEL = 16;
/** They cost a password hash, or a wait, each; so they get fewer requests. */
const SLOW = /login|register|password/;
/** They would end what the others are asked with. */
const ENDS_THE_SESSION = /^(DELETE|POST) .*\/(sessions|logout)/;

type Answer = {
  readonly status: number;
  readonly text: string;
  readonly headers: NodeJS.Dict<string | string[]>;
};

describe('the REST API under thousands of made-up requests', () => {
  let t: TestApp;
  const agent = new Agent({ keepAlive: true, maxSockets: PARALLEL });
  beforeAll(async () => {
    t = await createTestApp({ env: { DATABASE_POOL_MAX: '8' } });
  });
  afterAll(async () => {
    agent.destroy();
    await t.close();
  });

  it('answers each in time, in the envelope, and never with a fault of its own', async () => {
    const { tenantId, adminToken } = await t.newTenant();
    const auditor = await t.newUser(tenantId, ['auditor']);
    const auditorToken = (await t.signIn(auditor.email)).access_token;
    const ids = await makeThings(adminToken);
    const document = (await (await fetch(`${t.url}/api/docs-json`)).json()) as never;
    const { schemas } = (document as { components: { schemas: Schemas } }).components;
    const operations = operationsOf(document);
    const maker = new RequestMaker(schemas, ids);
    const covered = new Map<string, Set<number>>();
    const problems: string[] = [];
    const work = planOf(operations, maker, [adminToken, adminToken, auditorToken, undefined]);
    expect(work.length).toBeGreaterThanOrEqual(REQUESTS);

    const worker = async () => {
      for (let job = work.pop(); job; job = work.pop()) {
        const { operation, request, token } = job;
        const answer = await ask(operation, request, token);
        const statuses = covered.get(operation.name) ?? new Set();
        covered.set(operation.name, statuses.add(answer.status));
        const problem = problemOf(operation, answer);
        if (problem) problems.push(`${operation.name}: ${problem}\n${JSON.stringify(request)}`);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));

    expect({ SEED, problems: problems.slice(0, 10) }).toEqual({ SEED, problems: [] });
    expect(operations.filter(({ name }) => !covered.has(name))).toEqual([]);
    // Of no use when nothing gets through. What acts on one thing needs its id, and few of the made-up ids are real.
    const neverDone = operations.filter(
      ({ name }) => ![...(covered.get(name) ?? [])].some((status) => status < 400),
    );
    expect(neverDone.length).toBeLessThan(operations.length * 0.8);
  });

  /** Groups with tools, so that some ids lead somewhere. */
  async function makeThings(token: string): Promise<string[]> {
    const ids: string[] = [];
    for (let count = 0; count < 6; count += 1) {
      const group = await t.rest('POST', '/admin/groups', { token, body: { name: `Group ${count}` } });
      const body = { tool_name: 'get_user_profile' };
      const tool = await t.rest('POST', `/admin/groups/${group.body.data.id}/tools`, { token, body });
      ids.push(group.body.data.id, tool.body.data.id);
    }
    const things = {
      '/admin/users': { email: 'fuzz@example.test', display_name: 'Fuzz', roles: ['customer'] },
      '/admin/notification-channels': {
        kind: 'webhook',
        name: 'Fuzz',
        webhook: { url: 'https://example.com' },
      },
    };
    for (const [path, body] of Object.entries(things)) {
      const made = await t.rest('POST', path, { token, body });
      expect([path, made.status]).toEqual([path, 201]);
      // As often as a group and a tool together, so that what acts on one meets it as often.
      ids.push(...Array.from({ length: 4 }, () => made.body.data.id));
    }
    return ids;
  }

  /** Every operation has its share; what destroys comes last, so that there is something to work on until then. */
  function planOf(
    operations: readonly Operation[],
    maker: RequestMaker,
    tokens: readonly (string | undefined)[],
  ) {
    const share = Math.ceil(REQUESTS / operations.length);
    const slowShare = Math.ceil(share / 8);
    const slow = operations.filter(({ name }) => SLOW.test(name));
    const rest = Math.ceil((REQUESTS - slow.length * slowShare) / (operations.length - slow.length));
    const jobs = operations.flatMap((operation, index) => {
      const numRuns = slow.includes(operation) ? slowShare : rest;
      const asked = fc.sample(maker.requestTo(operation), { numRuns, seed: SEED + index });
      return asked.map((request, count) => ({
        operation,
        request,
        token: ENDS_THE_SESSION.test(operation.name) ? undefined : tokens[count % tokens.length],
        order: (count + (operation.method === 'DELETE' ? numRuns * 2 : 0)) / numRuns,
      }));
    });
    return jobs.toSorted((one, other) => other.order - one.order);
  }

  function ask(operation: Operation, made: FuzzRequest, token: string | undefined): Promise<Answer> {
    const headers = {
      ...made.headers,
      ...(token && { authorization: `Bearer ${token}` }),
      // Node leaves it out for DELETE, and the body would be taken for the next request.
      ...(made.body !== undefined && { 'content-length': String(Buffer.byteLength(made.body)) }),
    };
    const { port, hostname } = new URL(t.url);
    return new Promise((resolve, reject) => {
      const options = { agent, host: hostname, port, method: operation.method, path: made.path, headers };
      const request = send(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          clearTimeout(timer);
          resolve({
            status: response.statusCode!,
            text: Buffer.concat(chunks).toString(),
            headers: response.headers,
          });
        });
      });
      const hang = new Error(`no answer within ${HANG_MS} ms: ${operation.name} ${JSON.stringify(made)}`);
      const timer = setTimeout(() => request.destroy(hang), HANG_MS);
      request.on('error', reject);
      request.end(made.body);
    });
  }

  function problemOf({ path }: Operation, { status, text, headers }: Answer): string | null {
    if (status >= 500 && !path.startsWith('/health')) return `${status} ${text.slice(0, 300)}`;
    if (headers['x-request-id'] === undefined) return 'no X-Request-Id';
    if (status < 400) return null;
    const body = JSON.parse(text) as { success?: unknown; message?: unknown; error?: { code?: unknown } };
    const isEnvelope =
      body.success === false && typeof body.message === 'string' && typeof body.error?.code === 'string';
    if (!isEnvelope) return `${status} not in the envelope: ${text.slice(0, 300)}`;
    return headers['content-language'] ? null : 'no Content-Language';
  }
});
