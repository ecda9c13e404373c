// A server that the load tool starts itself (--spawn)
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpConnection } from './http-connection.mjs';
import { McpClient } from './mcp-client.mjs';

export function start(command, logPath) {
  const log = logPath ? openSync(logPath, 'a') : 'ignore';
  // its own process group, so that it can be ended together with its children
  return spawn('/bin/sh', ['-c', `exec ${command}`], {
    detached: true,
    stdio: ['ignore', log, log],
  });
}

export async function stop(child) {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  if (child.exitCode !== null || child.signalCode !== null) return;
  const signal = (name) => {
    try {
      process.kill(-child.pid, name);
    } catch {
      // already gone
    }
  };
  signal('SIGTERM');
  const stopped = await Promise.race([gone.then(() => true), sleep(3000, false)]);
  if (!stopped) signal('SIGKILL');
  await gone;
  signal('SIGKILL'); // what is left of the group
}

/** Tries a whole first exchange until it succeeds: the time a user waits for a first answer. */
export async function firstCall(options, child, limitMs) {
  const { url } = options;
  const end = performance.now() + limitMs;
  let last;
  while (performance.now() < end) {
    if (child.exitCode !== null) throw new Error(`the server exited with ${child.exitCode}`);
    const connection = new HttpConnection(url.hostname, Number(url.port || 80), limitMs);
    try {
      const client = new McpClient(options, connection);
      if (options.protocol === 'session') await client.initialize();
      await client.callTool();
      await client.terminate();
      return;
    } catch (error) {
      last = error;
      await sleep(5);
    } finally {
      connection.close();
    }
  }
  throw new Error(`no successful call in ${limitMs} ms; the last error: ${last?.message}`);
}
