// One measurement
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpConnection } from './http-connection.mjs';
import { McpClient } from './mcp-client.mjs';
import { snapshot, treeMemory } from './processes.mjs';
import { Errors, percentile, round, Samples } from './statistics.mjs';

async function connectClients(options, concurrency, ids) {
  const { url, timeoutMs } = options;
  const clients = [];
  for (let i = 0; i < concurrency; i++) {
    const connection = new HttpConnection(url.hostname, Number(url.port || 80), timeoutMs);
    const client = new McpClient(options, connection, ids);
    if (options.protocol === 'session') {
      if (options.sharedSession && i > 0) {
        client.useSession(clients[0].sessionId, clients[0].sessionVersion);
      } else {
        await client.initialize();
      }
    }
    clients.push(client);
  }
  return clients;
}

const SLOW_EXTRA_MS = 10_000;

/** Loads the server at one concurrency for warmup + duration, and reports the duration only. */
export async function measure(options, op, concurrency) {
  const ids = { next: 1 };
  const setupStart = performance.now();
  const clients = await connectClients(options, concurrency, ids);
  const setupMs = performance.now() - setupStart;

  const operation = op === 'list' ? (c) => c.listTools() : (c) => c.callTool();
  const latencies = new Samples();
  const errors = new Errors();
  const contentTypes = {};
  let calls = 0;
  let bytes = 0;
  let recording = false;
  let running = true;

  async function drive(client) {
    while (running) {
      const start = performance.now();
      try {
        await operation(client);
        if (!recording) continue;
        latencies.add(performance.now() - start);
        calls++;
        bytes += client.lastResponse.body.length;
        const type = client.lastResponse.headers['content-type']?.split(';', 1)[0];
        contentTypes[type] = (contentTypes[type] ?? 0) + 1;
      } catch (error) {
        if (recording) errors.add(error);
        if (!options.keepGoing && errors.total >= 1000) running = false;
        await sleep(5); // a refused connection must not become a busy loop
      }
    }
  }

  const drivers = clients.map(drive);
  await sleep(options.warmupS * 1000);

  const opened = clients.reduce((sum, { connection }) => sum + connection.opened, 0);
  const before = snapshot(options.trees);
  let peakRssMiB = 0;
  const sampling = setInterval(() => {
    const rss = Object.values(options.trees).map((pid) => treeMemory(pid).rssMiB);
    peakRssMiB = Math.max(
      peakRssMiB,
      rss.reduce((sum, value) => sum + value, 0),
    );
  }, 2000);
  recording = true;
  const end = before.time + options.durationS * 1000;
  // A slow server gets longer: nothing can be said of fewer answers than connections.
  const latest = end + SLOW_EXTRA_MS;
  const isEnough = () => performance.now() >= (calls < concurrency ? latest : end);
  while (running && !isEnough()) await sleep(Math.min(100, Math.max(1, end - performance.now())));
  recording = false;
  const after = snapshot(options.trees);
  clearInterval(sampling);
  running = false;
  await Promise.all(drivers);
  const reopened = clients.reduce((sum, { connection }) => sum + connection.opened, 0) - opened;
  const memory = Object.fromEntries(
    Object.entries(options.trees).map(([label, pid]) => [label, treeMemory(pid)]),
  );
  if (!options.sharedSession) await Promise.all(clients.map((client) => client.terminate()));
  else await clients[0].terminate();
  for (const { connection } of clients) connection.close();

  const seconds = (after.time - before.time) / 1000;
  const sorted = latencies.sorted();
  const server = {};
  let serverCpu = 0;
  for (const label of Object.keys(options.trees)) {
    const cpuS = after.trees[label] - before.trees[label];
    serverCpu += cpuS;
    const cpuMsPerCall = calls ? round((cpuS * 1000) / calls, 4) : null;
    server[label] = { cpuS: round(cpuS, 2), cpuMsPerCall, ...memory[label] };
  }
  const loadCpu = after.load - before.load;
  return {
    op,
    protocol: options.protocol,
    concurrency,
    seconds: round(seconds, 2),
    calls,
    callsPerS: round(calls / seconds),
    p50Ms: percentile(sorted, 0.5),
    p95Ms: percentile(sorted, 0.95),
    p99Ms: percentile(sorted, 0.99),
    maxMs: percentile(sorted, 1),
    errors: errors.total,
    errorKinds: errors.counts,
    errorSamples: errors.samples,
    contentTypes,
    bytesPerResponse: calls ? Math.round(bytes / calls) : null,
    reconnections: reopened,
    setupMs: round(setupMs),
    server,
    peakRssMiB: round(peakRssMiB),
    loadCpuS: round(loadCpu, 2),
    foreignCpuS: round(after.machine - before.machine - serverCpu - loadCpu, 2),
    stealS: round(after.stolen - before.stolen, 2),
  };
}
