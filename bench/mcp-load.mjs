#!/usr/bin/env node
// mcp-load: a load generator for MCP servers over Streamable HTTP. No dependencies; Linux (it reads /proc).
//
// Closed loop: every connection sends its next request when the previous response is complete
// and has been verified. The options stand in FLAGS below; --json prints one object.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measure } from './load/measure.mjs';
import { PLACEHOLDER, PROTOCOLS, splitCall } from './load/mcp-client.mjs';
import { treeMemory } from './load/processes.mjs';
import { firstCall, start, stop } from './load/spawn.mjs';
import { round } from './load/statistics.mjs';

const FLAGS = {
  url: { type: 'string' },
  header: { type: 'string', multiple: true, default: [] },
  protocol: { type: 'string', default: 'session' },
  'protocol-version': { type: 'string', default: '2025-11-25' },
  'shared-session': { type: 'boolean', default: false },
  op: { type: 'string', default: 'call' },
  tool: { type: 'string', default: 'echo' },
  args: { type: 'string', default: `{"message":"hello-${PLACEHOLDER}"}` },
  expect: { type: 'string' },
  'expect-tools': { type: 'string' },
  concurrency: { type: 'string', short: 'c', default: '1' },
  warmup: { type: 'string', default: '3' },
  duration: { type: 'string', short: 'd', default: '10' },
  timeout: { type: 'string', default: '30' },
  'keep-going': { type: 'boolean', default: false },
  pid: { type: 'string', multiple: true, default: [] },
  spawn: { type: 'string' },
  'spawn-limit': { type: 'string', default: '60' },
  settle: { type: 'string', default: '2' },
  log: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
};

function readOptions(values) {
  if (!values.url) throw new Error('--url is needed');
  if (!PROTOCOLS.includes(values.protocol)) {
    throw new Error(`--protocol is one of ${PROTOCOLS.join(', ')}`);
  }
  const ops = values.op.split(',');
  if (!ops.every((op) => ['call', 'list'].includes(op))) throw new Error('--op is call or list');
  const trees = {};
  for (const entry of values.pid) {
    const [label, pid] = entry.includes('=') ? entry.split('=') : ['server', entry];
    trees[label] = Number(pid);
  }
  return {
    url: new URL(values.url),
    headers: values.header,
    protocol: values.protocol,
    protocolVersion: values['protocol-version'],
    sharedSession: values['shared-session'],
    ops,
    tool: values.tool,
    callParts: splitCall(values.protocol, values.tool, JSON.parse(values.args)),
    expect: values.expect,
    expectTools: values['expect-tools'] && Number(values['expect-tools']),
    warmupS: Number(values.warmup),
    durationS: Number(values.duration),
    timeoutMs: Number(values.timeout) * 1000,
    keepGoing: values['keep-going'],
    trees,
  };
}

function printRun(run) {
  const server = Object.entries(run.server)
    .map(([label, s]) => `${label}: ${s.cpuS} s CPU, ${s.rssMiB} MiB RSS in ${s.processes}`)
    .join('; ');
  console.log(
    `c=${run.concurrency} ${run.op} ${run.callsPerS}/s` +
      `  p50 ${run.p50Ms} p95 ${run.p95Ms} p99 ${run.p99Ms} ms  errors ${run.errors}` +
      `  [${server}; load ${run.loadCpuS} s CPU; others ${run.foreignCpuS} s]`,
  );
  for (const [kind, sample] of Object.entries(run.errorSamples)) {
    console.log(`  ${run.errorKinds[kind]} x ${kind}: ${sample}`);
  }
}

async function main() {
  const { values } = parseArgs({ options: FLAGS });
  if (values.help) {
    console.log(
      'Options: ' +
        Object.keys(FLAGS)
          .map((name) => `--${name}`)
          .join(' ') +
        '; see bench/README.md',
    );
    return;
  }
  const options = readOptions(values);
  const report = { url: values.url, node: process.version, runs: [] };
  let child;
  try {
    if (values.spawn) {
      const started = performance.now();
      child = start(values.spawn, values.log);
      options.trees.server = child.pid;
      await firstCall(options, child, Number(values['spawn-limit']) * 1000);
      report.coldStartMs = round(performance.now() - started);
      await sleep(Number(values.settle) * 1000);
      report.idle = treeMemory(child.pid);
      if (!values.json) {
        const { rssMiB, processes } = report.idle;
        console.log(`first call after ${report.coldStartMs} ms; idle ${rssMiB} MiB RSS in ${processes}`);
      }
    }
    for (const op of options.ops) {
      for (const concurrency of values.concurrency.split(',').map(Number)) {
        const run = await measure(options, op, concurrency);
        report.runs.push(run);
        if (!values.json) printRun(run);
      }
    }
  } finally {
    if (child) await stop(child);
  }
  if (values.json) console.log(JSON.stringify(report));
  if (report.runs.some((run) => run.calls === 0)) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main().catch((error) => {
    console.error(error.message);
    process.exitCode = 2;
  });
}
