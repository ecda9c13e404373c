// What is measured: every server, every case, every era. All answers are checked against `expect` or `expectTools`.
import { fillers } from '../peers/catalogue.mjs';
import { z } from 'zod';

export const LIST_SIZES = [10, 100, 1000];
export const ERAS = ['2026-07-28', 'stateless', 'session'];
const ECHO = { case: 'echo', tool: 'echo', expect: 'hello-{{n}}' };

/** Names of the first `count` tools of the bench, `echo` among them. */
export function toolNames(count) {
  return ['echo', ...fillers(z, count - 1).map(({ name }) => name)];
}

export const GROUPS = [
  { code: 'echo', tools: toolNames(1) },
  { code: 'profile', tools: ['get_user_profile'] },
  ...LIST_SIZES.map((count) => ({ code: `list-${count}`, tools: toolNames(count) })),
];

/** Servers of others: no key, no log, no database. `eras`: what they serve. */
export const PEERS = [
  { name: 'bare node:http', script: 'bare.mjs', eras: ['stateless'], lists: false },
  { name: 'SDK v2 createMcpHandler', script: 'sdk2.mjs', eras: ['2026-07-28', 'stateless'], lists: true },
  { name: 'SDK v1', script: 'sdk1.mjs', eras: ['stateless'], env: { MODE: 'stateless' } },
  { name: 'SDK v1, sessions', script: 'sdk1.mjs', eras: ['session'], env: { MODE: 'session' } },
  {
    name: '@rekog/mcp-nest',
    script: 'nest.mjs',
    eras: ['2026-07-28', 'stateless'],
    env: { MODE: 'stateless' },
  },
  { name: 'fastmcp', script: 'fastmcp.mjs', eras: ['stateless'], env: { MODE: 'stateless' } },
];

/** @param servers `{ on, off }`: Toolcrib with its call log, and without. */
export function toolcribTargets(servers, world, profile) {
  const group = (code) => world.groups.find((one) => one.code === code);
  const at = (server, code) => ({
    pid: server.pid,
    url: `http://127.0.0.1:${server.port}/mcp/${code}/mcp`,
    key: group(code).key,
  });
  return ERAS.flatMap((protocol) => [
    { server: 'Toolcrib', ...ECHO, protocol, ...at(servers.on, 'echo') },
    { server: 'Toolcrib, log off', ...ECHO, protocol, ...at(servers.off, 'echo') },
    { server: 'Toolcrib', case: 'get_user_profile', protocol, ...at(servers.on, 'profile'), ...profile },
    ...LIST_SIZES.map((count) => ({
      ...{ server: 'Toolcrib', case: `tools/list ${count}`, protocol, expectTools: count },
      ...at(servers.on, `list-${count}`),
    })),
  ]);
}

/** @param started The peer's process that serves one tool, or as many as the case lists. */
export function peerTargets({ name, eras }, started, tools) {
  const { pid, port } = started;
  const at = { server: name, pid, url: `http://127.0.0.1:${port}/mcp` };
  return tools === 1
    ? eras.map((protocol) => ({ ...at, ...ECHO, protocol }))
    : [{ ...at, case: `tools/list ${tools}`, protocol: eras[0], expectTools: tools }];
}
