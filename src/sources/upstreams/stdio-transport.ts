import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import { isPlainObject } from '../../platform/plain-object.js';
import { JsonLines } from './json-lines.js';
import type { OutputTail } from './output-tail.js';
import { endGroup, spawnGroup } from './process-group.js';

const LINE_MAX = 10_485_760; // characters

export type StdioOptions = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Record<string, string>;
  readonly cwd: string;
  /** Takes what the program writes to its standard error. */
  readonly stderr: OutputTail;
  /** Told of each line on standard output that is no message: banners, logs. */
  readonly onNoise: () => void;
};

/**
 * Speaks MCP with a program that it starts, over its standard input and output. Beside what the SDK's own does: the program has a process
 * group that ends as a whole and is waited for, its standard error is always read, a write to a dead program ends, its lines
 * are bounded, and which era it speaks is found out without starting it twice.
 */
export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: NonNullable<Transport['onmessage']>;
  private child: ChildProcess | undefined;
  private readonly lines = new JsonLines(LINE_MAX);
  private isClosed = false;

  constructor(private readonly options: StdioOptions) {}

  get pid(): number | undefined {
    return this.child?.pid;
  }

  async start(): Promise<void> {
    const { command, args, env, cwd } = this.options;
    const child = spawnGroup(command, args, { env, cwd });
    this.child = child;
    child.stderr?.on('data', (piece: Buffer) => this.options.stderr.write(piece));
    child.stdout?.on('data', (piece: Buffer) => this.read(piece));
    child.stdin?.on('error', () => undefined); // it died; its end is told once, below
    child.once('exit', () => this.ended());
    await once(child, 'spawn'); // throws what went wrong: no such command
    child.on('error', (error) => this.onerror?.(error));
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const { child } = this;
    const input = child?.stdin;
    if (!child || !input || this.isClosed || !input.writable) throw new Error('The program has ended');
    if (input.write(`${JSON.stringify(message)}\n`)) return;
    const waiting = new AbortController();
    const { signal } = waiting;
    try {
      await Promise.race([once(input, 'drain', { signal }), once(child, 'exit', { signal })]);
    } finally {
      waiting.abort();
    }
  }

  async close(): Promise<void> {
    if (this.child) await endGroup(this.child);
    this.ended();
  }

  private read(piece: Buffer): void {
    if (this.isClosed) return;
    try {
      for (const line of this.lines.push(piece)) this.take(line);
    } catch (error) {
      this.onerror?.(error as Error);
      void this.close();
    }
  }

  private take(line: string): void {
    const text = line.trim();
    if (text === '') return;
    const message = text.startsWith('{') ? parsed(text) : undefined;
    if (isPlainObject(message) && message['jsonrpc'] === '2.0') this.onmessage?.(message as JSONRPCMessage);
    else this.options.onNoise();
  }

  private ended(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.onclose?.();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
