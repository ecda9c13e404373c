// Where and with what a result was made.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { ROOT } from './servers.mjs';

export async function describeRun(databaseUrl) {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  const { rows } = await client.query('SHOW server_version');
  await client.end();
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: git('rev-parse', '--short', 'HEAD'),
    machine: {
      cpu: os.cpus()[0]?.model ?? 'unknown',
      cores: os.cpus().length,
      memoryGiB: Math.round(os.totalmem() / 2 ** 30),
      kernel: `${os.type()} ${os.release()}`,
    },
    versions: { node: process.version, postgres: rows[0].server_version, ...peerVersions() },
  };
}

function peerVersions() {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'bench/peers/package.json'), 'utf8'));
  const compared = [
    '@modelcontextprotocol/server',
    '@modelcontextprotocol/sdk',
    '@rekog/mcp-nest',
    'fastmcp',
  ];
  return Object.fromEntries(compared.map((name) => [name, dependencies[name]]));
}

function git(...parameters) {
  try {
    return execFileSync('git', parameters, { cwd: ROOT, encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
