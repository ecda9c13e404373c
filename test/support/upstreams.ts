import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer, Fields, TestApp, TestTenant } from './test-app.js';

const ROUGH = join(__dirname, '../fixtures/rough-server.mjs');
export const EVERYTHING = join(
  __dirname,
  '../../node_modules/@modelcontextprotocol/server-everything/dist/index.js',
);

/** What a tenant's administrator does with upstreams. */
export type UpstreamAdmin = {
  rest(method: string, path: string, body?: object): Promise<Answer>;
  /** Adds an upstream and reads it; its tools are served at once. */
  add(body: Readonly<Record<string, unknown>>): Promise<Fields>;
  /** A program that goes wrong in the ways that are named. */
  rough(name: string, ways: Ways, more?: Readonly<Record<string, unknown>>): Promise<Fields>;
};
export type Ways = Readonly<Record<string, unknown>> & { readonly env?: Readonly<Record<string, string>> };

export function administrate(t: TestApp, tenant: TestTenant): UpstreamAdmin {
  const rest = (method: string, path: string, body?: object) =>
    t.rest(method, `/admin${path}`, { token: tenant.adminToken, ...(body && { body }) });
  const add = async (body: Readonly<Record<string, unknown>>) => {
    const created = await rest('POST', '/upstreams', { policy: 'take', ...body });
    if (created.status !== 201) throw new Error(JSON.stringify(created.body));
    const read = await rest('POST', `/upstreams/${created.body.data.id}/reload`);
    if (read.status !== 200) throw new Error(JSON.stringify(read.body));
    return (await rest('GET', `/upstreams/${created.body.data.id}`)).body.data;
  };
  return {
    rest,
    add,
    rough: (name, { env = {}, ...ways }, more = {}) =>
      add({
        name,
        prefix: 'r',
        transport: 'stdio',
        command: process.execPath,
        args: [ROUGH],
        env: { WAYS: JSON.stringify(ways), ...env },
        ...more,
      }),
  };
}

/** A file that a rough server writes what happens into. */
export function newJournal(): { readonly path: string; lines(): string[] } {
  const path = join(mkdtempSync(join(tmpdir(), 'rough-')), 'journal');
  return {
    path,
    lines: () => {
      try {
        return readFileSync(path, 'utf8').split('\n').filter(Boolean);
      } catch {
        return [];
      }
    },
  };
}
