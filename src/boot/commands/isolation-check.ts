import type { AddressInfo } from 'node:net';
import { createApp } from '../app.js';
import { Config } from '../../platform/config.js';
import { connectToNobody } from '../../platform/network/guarded-http.js';
import { withOwner } from '../database/migrate.js';
import { attackIsolation, type AttackOptions, type AttackReport } from '../../operations/isolation/attack.js';

/**
 * Attacks this installation: starts the service in this process on a free port of the loopback address, on the
 * installation's database, without working in the background or connecting to anybody, and stops it again. Another service on the same
 * database is not disturbed.
 */
export async function checkIsolation(config: Config, options: AttackOptions = {}): Promise<AttackReport> {
  const { databaseUrls, masterKeys, checkpointKey } = config;
  const env = {
    ...config.env,
    HOST: '127.0.0.1',
    PORT: 0,
    ROLE: 'server' as const,
    PUBLIC_URL: undefined,
    ALLOWED_HOSTS: ['*'],
    ACCESS_TOKEN_MINUTES: 1440,
  };
  connectToNobody();
  const app = await createApp(new Config(env, { databaseUrls, masterKeys, checkpointKey }));
  try {
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    return await withOwner(config, (owner) =>
      attackIsolation({ app, url: `http://127.0.0.1:${port}`, owner }, options),
    );
  } finally {
    await app.close();
  }
}

/** What was found, for a terminal. */
export function reportText({ operations, findings, known, unexplained, requests }: AttackReport): string {
  const attacked = operations.filter(({ outcome }) => outcome === 'attacked');
  const rest = operations.filter(({ outcome }) => outcome !== 'attacked');
  return [
    `${attacked.length} routes and tools attacked with ${requests} requests, and every MCP method`,
    ...rest.map(({ name, note }) => `not attacked: ${name} (${note})`),
    ...known.map(({ where, attack, reason }) => `by design: ${where}, ${attack}: ${reason}`),
    ...unexplained.map(({ name, note }) => `problem  ${name} could not be attacked (${note})`),
    ...findings.map(({ where, attack, problem }) => `problem  ${where}: ${attack}: ${problem}`),
    findings.length + unexplained.length === 0 ? 'ok       no way from one tenant to another was found' : '',
    '',
  ].join('\n');
}
