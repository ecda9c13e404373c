#!/usr/bin/env node
// mcp-load: a load generator for MCP servers over Streamable HTTP. No dependencies.
//
// Closed loop: every connection sends its next request when the previous response is complete
// and has been verified. The options stand in parseArgs below; --json prints one object.

import { spawn } from 'node:child_process';
import { openSync, readFileSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const CLIENT_INFO = { name: 'mcp-load', version: '1.0.0' };
const MODERN = '2026-07-28';
const PROTOCOLS = ['session', 'stateless', MODERN];
const PLACEHOLDER = '{{n}}';

// ---------------------------------------------------------------------------------------------
// HTTP/1.1 over one kept-alive socket. Written by hand because a general client costs more CPU a
// request than a bare node:http server does, and would be the bottleneck.

const EMPTY = Buffer.alloc(0);

export class HttpConnection {
  constructor(host, port, timeoutMs) {
    this.host = host;
    this.port = port;
    this.timeoutMs = timeoutMs;
    this.socket = null;
    this.opened = 0;
    this.pending = null;
    this.timer = null;
  }

  open() {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: this.host, port: this.port, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        socket.on('data', (chunk) => this.#onData(chunk));
        socket.on('error', (error) => this.#onLost(socket, error));
        socket.on('close', () => this.#onLost(socket, new Error('connection closed')));
        this.socket = socket;
        this.opened++;
        this.timer = setInterval(() => this.#expire(), 250);
        this.#reset();
        resolve();
      });
    });
  }

  /** Sends one request (its whole text) and resolves with {status, headers, body}. */
  async request(text) {
    if (!this.socket) await this.open();
    return new Promise((resolve, reject) => {
      this.pending = { resolve, reject, deadline: performance.now() + this.timeoutMs };
      this.socket.write(text);
    });
  }

  close() {
    const socket = this.socket;
    this.socket = null;
    clearInterval(this.timer);
    socket?.destroy();
  }

  #expire() {
    if (!this.pending || performance.now() < this.pending.deadline) return;
    this.close();
    this.#fail(new Error('timeout'));
  }

  #reset() {
    this.buffer = EMPTY;
    this.state = 'head';
    this.wanted = 0;
    this.parts = [];
    this.response = null;
  }

  #onLost(socket, error) {
    if (this.socket !== socket) return;
    this.close();
    if (this.state === 'until-close') this.#complete();
    else this.#fail(error);
  }

  #fail(error) {
    const pending = this.pending;
    this.pending = null;
    pending?.reject(error);
  }

  #complete() {
    const { response, parts, pending } = this;
    response.body = parts.length === 1 ? parts[0] : Buffer.concat(parts);
    this.#reset();
    if (response.headers.connection === 'close') this.close();
    this.pending = null;
    pending?.resolve(response);
  }

  #onData(chunk) {
    this.buffer = this.buffer.length ? Buffer.concat([this.buffer, chunk]) : chunk;
    while (this.#step());
  }

  /** Advances the parser once; false when it needs more bytes or the response is complete. */
  #step() {
    switch (this.state) {
      case 'head': {
        const end = this.buffer.indexOf('\r\n\r\n');
        if (end < 0) return false;
        const head = this.buffer.latin1Slice(0, end);
        this.buffer = this.buffer.subarray(end + 4);
        return this.#onHead(head);
      }
      case 'length':
        if (!this.#take()) return false;
        this.#complete();
        return false;
      case 'until-close':
        this.parts.push(this.buffer);
        this.buffer = EMPTY;
        return false;
      case 'chunk-size': {
        const end = this.buffer.indexOf('\r\n');
        if (end < 0) return false;
        this.wanted = parseInt(this.buffer.latin1Slice(0, end), 16);
        this.buffer = this.buffer.subarray(end + 2);
        this.state = this.wanted === 0 ? 'trailer' : 'chunk-data';
        return true;
      }
      case 'chunk-data':
        if (!this.#take()) return false;
        this.state = 'chunk-end';
        return true;
      case 'chunk-end':
        if (this.buffer.length < 2) return false;
        this.buffer = this.buffer.subarray(2);
        this.state = 'chunk-size';
        return true;
      case 'trailer': {
        const end = this.buffer.indexOf('\r\n');
        if (end < 0) return false;
        this.buffer = this.buffer.subarray(end + 2);
        if (end > 0) return true;
        this.#complete();
        return false;
      }
    }
  }

  #onHead(head) {
    const lines = head.split('\r\n');
    const status = Number(lines[0].slice(9, 12));
    if (status < 200) return true; // 1xx: the real head follows
    const headers = {};
    for (let i = 1; i < lines.length; i++) {
      const colon = lines[i].indexOf(':');
      headers[lines[i].slice(0, colon).toLowerCase()] = lines[i].slice(colon + 1).trim();
    }
    this.response = { status, headers, body: EMPTY };
    if (headers['transfer-encoding'] === 'chunked') {
      this.state = 'chunk-size';
      return true;
    }
    const length = headers['content-length'];
    if (length === undefined && status !== 204 && status !== 304) {
      this.state = 'until-close';
      return this.buffer.length > 0;
    }
    this.wanted = Number(length ?? 0);
    if (this.wanted === 0) {
      this.#complete();
      return false;
    }
    this.state = 'length';
    return true;
  }

  /** Moves up to `wanted` bytes of body from the buffer; true when none are wanted any more. */
  #take() {
    const count = Math.min(this.wanted, this.buffer.length);
    if (count === 0) return false;
    this.parts.push(this.buffer.subarray(0, count));
    this.buffer = this.buffer.subarray(count);
    this.wanted -= count;
    return this.wanted === 0;
  }
}

// ---------------------------------------------------------------------------------------------
// MCP: what a request looks like in each protocol, and how a response is read and verified

class McpError extends Error {
  constructor(kind, detail) {
    super(detail ? `${kind}: ${String(detail).slice(0, 300)}` : kind);
    this.kind = kind;
  }
}

/** 2026-07-28 has no handshake: every request carries what initialize used to. */
function withEnvelope(protocol, params) {
  if (protocol !== MODERN) return params;
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': MODERN,
    'io.modelcontextprotocol/clientInfo': CLIENT_INFO,
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  return { ...params, _meta };
}

/** The text of a tools/call request after its id, split where the number goes. */
function splitCall(protocol, tool, args) {
  const params = withEnvelope(protocol, { name: tool, arguments: args });
  return `"method":"tools/call","params":${JSON.stringify(params)}}`.split(PLACEHOLDER);
}

/** The JSON-RPC response with this id in an SSE body. */
function messageFromSse(text, id) {
  let data = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('data:')) {
      data += (data ? '\n' : '') + line.slice(line[5] === ' ' ? 6 : 5);
    } else if ((line === '' || line === '\r') && data) {
      const message = JSON.parse(data);
      if (message.id === id && !message.method) return message;
      data = '';
    }
  }
  return undefined;
}

function readResponse(response, id) {
  if (response.status !== 200) throw new McpError(`http ${response.status}`, response.body);
  const type = response.headers['content-type'] ?? '';
  const text = response.body.toString();
  const message = type.startsWith('text/event-stream') ? messageFromSse(text, id) : JSON.parse(text);
  if (!message || message.id !== id) throw new McpError('no response with the id', text);
  if (message.error) {
    throw new McpError(`json-rpc ${message.error.code}`, message.error.message);
  }
  return message.result;
}

export class McpClient {
  #sessionId;
  #sessionVersion; // what the server agreed to in initialize
  #nextId;

  constructor(options, connection, ids = { next: 1 }) {
    this.options = options;
    this.connection = connection;
    this.#nextId = ids;
    this.lastResponse = null;
    this.#buildHead();
  }

  get sessionId() {
    return this.#sessionId;
  }

  get sessionVersion() {
    return this.#sessionVersion;
  }

  useSession(sessionId, version) {
    this.#sessionId = sessionId;
    this.#sessionVersion = version;
    this.#buildHead();
  }

  #buildHead() {
    const { url, protocol, protocolVersion, headers } = this.options;
    const lines = [
      `POST ${url.pathname}${url.search} HTTP/1.1`,
      `Host: ${url.host}`,
      'Content-Type: application/json',
      'Accept: application/json, text/event-stream',
      ...headers,
    ];
    const version = {
      session: this.#sessionVersion,
      stateless: protocolVersion,
      [MODERN]: MODERN,
    }[protocol];
    if (version) lines.push(`MCP-Protocol-Version: ${version}`);
    if (this.#sessionId) lines.push(`Mcp-Session-Id: ${this.#sessionId}`);
    this.head = lines.join('\r\n');
  }

  #requestText(method, name, body) {
    let head = this.head;
    if (this.options.protocol === MODERN) {
      head += `\r\nMcp-Method: ${method}`;
      if (name) head += `\r\nMcp-Name: ${name}`;
    }
    return `${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  }

  async #send(id, method, name, body) {
    const response = await this.connection.request(this.#requestText(method, name, body));
    this.lastResponse = response;
    return readResponse(response, id);
  }

  request(method, params, name) {
    const id = this.#nextId.next++;
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id,
      method,
      params: withEnvelope(this.options.protocol, params),
    });
    return this.#send(id, method, name, body);
  }

  async notify(method) {
    const body = JSON.stringify({ jsonrpc: '2.0', method });
    const response = await this.connection.request(this.#requestText(method, undefined, body));
    if (response.status >= 300) throw new McpError(`http ${response.status}`, response.body);
  }

  async initialize() {
    const result = await this.request('initialize', {
      protocolVersion: this.options.protocolVersion,
      capabilities: {},
      clientInfo: CLIENT_INFO,
    });
    this.useSession(this.lastResponse.headers['mcp-session-id'], result.protocolVersion);
    await this.notify('notifications/initialized');
    return result;
  }

  /** Ends the session. Best effort: a server may answer 405. */
  async terminate() {
    if (!this.#sessionId) return;
    const text = `${this.head.replace('POST', 'DELETE')}\r\nContent-Length: 0\r\n\r\n`;
    await this.connection.request(text).catch(() => {});
  }

  /** tools/call with the next number in place of {{n}}; verifies the text that comes back. */
  async callTool() {
    const { tool, callParts, expect } = this.options;
    const id = this.#nextId.next++;
    const body = `{"jsonrpc":"2.0","id":${id},${callParts.join(id)}`;
    const result = await this.#send(id, 'tools/call', tool, body);
    if (result.isError) throw new McpError('tool error', JSON.stringify(result.content));
    if (expect === undefined) return;
    const text = result.content?.map((block) => block.text ?? '').join('') ?? '';
    if (text !== expect.replaceAll(PLACEHOLDER, id)) throw new McpError('wrong content', text);
  }

  /** tools/list through all its pages; verifies the number of tools. */
  async listTools() {
    const tools = [];
    let cursor;
    do {
      const page = await this.request('tools/list', cursor ? { cursor } : {});
      tools.push(...page.tools);
      cursor = page.nextCursor;
    } while (cursor);
    const { expectTools } = this.options;
    if (expectTools !== undefined && tools.length !== expectTools) {
      throw new McpError('wrong number of tools', tools.length);
    }
    return tools;
  }
}

// ---------------------------------------------------------------------------------------------
// /proc: memory and CPU of a process tree, and what else the machine was doing

const USER_HZ = 100; // the unit of the CPU times in /proc, on every Linux that Node runs on

function readProc(path) {
  try {
    return readFileSync(`/proc/${path}`, 'latin1');
  } catch {
    return ''; // the process is gone
  }
}

function processStat(pid) {
  const stat = readProc(`${pid}/stat`);
  if (!stat) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [utime, stime, cutime, cstime] = fields.slice(11, 15).map(Number);
  return { pid, parent: Number(fields[1]), ticks: utime + stime, reapedTicks: cutime + cstime };
}

function allProcesses() {
  const names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return names.map((name) => processStat(Number(name))).filter(Boolean);
}

/** The processes under (and including) a root. */
function processTree(root, all = allProcesses()) {
  const tree = all.filter((stat) => stat.pid === root);
  for (let i = 0; i < tree.length; i++) {
    tree.push(...all.filter((stat) => stat.parent === tree[i].pid));
  }
  return tree;
}

/** CPU so far of processes and of the children they have reaped. */
function cpuSeconds(processes) {
  return processes.reduce((sum, p) => sum + p.ticks + p.reapedTicks, 0) / USER_HZ;
}

/** rss counts shared pages once per process; pss shares them out, so it adds up. */
function treeMemory(root) {
  const memory = { processes: 0, rssMiB: 0, pssMiB: 0 };
  for (const { pid } of processTree(root)) {
    const rollup = readProc(`${pid}/smaps_rollup`);
    const kib = (key) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0);
    memory.processes++;
    memory.rssMiB += kib('Rss') / 1024;
    memory.pssMiB += kib('Pss') / 1024;
  }
  return { processes: memory.processes, rssMiB: round(memory.rssMiB), pssMiB: round(memory.pssMiB) };
}

/** CPU that the hypervisor kept from this machine so far. */
function stolenSeconds() {
  return Number(readProc('stat').split('\n', 1)[0].split(/\s+/)[8]) / USER_HZ;
}

// ---------------------------------------------------------------------------------------------
// One measurement

function round(value, digits = 1) {
  return Number(value.toFixed(digits));
}

function percentile(sorted, fraction) {
  if (sorted.length === 0) return null;
  return round(sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * fraction) - 1)], 3);
}

class Samples {
  #values = new Float64Array(1 << 16);
  #count = 0;

  add(value) {
    if (this.#count === this.#values.length) {
      const grown = new Float64Array(this.#count * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#count++] = value;
  }

  sorted() {
    return this.#values.slice(0, this.#count).sort();
  }
}

class Errors {
  counts = {};
  samples = {};
  total = 0;

  add(error) {
    const kind = error.kind ?? error.code ?? error.message;
    this.total++;
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    this.samples[kind] ??= error.message;
  }
}

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
  for (const end = before.time + options.durationS * 1000; running && performance.now() < end;) {
    await sleep(Math.min(100, Math.max(1, end - performance.now())));
  }
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

function snapshot(trees) {
  const load = process.cpuUsage();
  const all = allProcesses();
  return {
    time: performance.now(),
    load: (load.user + load.system) / 1e6,
    machine: cpuSeconds(all),
    stolen: stolenSeconds(),
    trees: Object.fromEntries(
      Object.entries(trees).map(([label, pid]) => [label, cpuSeconds(processTree(pid, all))]),
    ),
  };
}

// ---------------------------------------------------------------------------------------------
// Servers the harness starts itself

function start(command, logPath) {
  const log = logPath ? openSync(logPath, 'a') : 'ignore';
  // its own process group, so that it can be ended together with its children
  return spawn('/bin/sh', ['-c', `exec ${command}`], {
    detached: true,
    stdio: ['ignore', log, log],
  });
}

async function stop(child) {
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
async function firstCall(options, child, limitMs) {
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

// ---------------------------------------------------------------------------------------------
// Command line

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
    console.log(readFileSync(new URL('./README.md', import.meta.url), 'utf8'));
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
