import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Piscina } from 'piscina';
import { Config } from '../config.js';
import type { ToolContext } from './mcp-tool.decorator.js';
import type { JsonObject } from './tool-definition.js';
import { decodeOutcome, send, type ThreadMessage } from './thread-messages.js';
import { type ThreadTarget, type ThreadTask, TooLargeError } from './thread-messages.js';
import { ThreadSlots } from './thread-slots.js';
import { compiledFile } from './thread-target.js';

/** How long a tool may go on after its signal, before its thread is ended. */
const GRACE_MS = 500;
const IDLE_MS = 60_000;
const YOUNG_GENERATION_MIB = 16;
/** Clones are larger than JSON (two bytes a character), and the executor may page through what is above its own limit. */
const RESULT_ROOM = 8;

/**
 * The threads in which tools with `isolation: 'worker'` run. A loop without end, a crash or too much memory there ends
 * the thread and the one call it was running; the pool makes another thread for the next. There are none before the first such call,
 * and none for long after the last.
 *
 * Not limited: memory outside of V8's heap (`Buffer`), and native code that does not return. Not kept apart: the file
 * system, the network, `process.kill`. It is against accidents, no sandbox for code that is not trusted.
 */
@Injectable()
export class ToolThreads implements OnApplicationShutdown {
  private readonly logger = new Logger(ToolThreads.name);
  private readonly slots: ThreadSlots;
  private readonly maxBytes: number;
  private pool: Piscina<ThreadTask, Uint8Array> | undefined;

  constructor(private readonly config: Config) {
    const { TOOL_THREADS_MAX, TOOL_THREAD_QUEUE_MAX, TOOL_RESULT_MAX_BYTES } = config.env;
    this.slots = new ThreadSlots(TOOL_THREADS_MAX, TOOL_THREAD_QUEUE_MAX);
    this.maxBytes = RESULT_ROOM * TOOL_RESULT_MAX_BYTES;
  }

  /** Threads that exist, calls that have one, calls that wait for one. */
  get state(): { readonly threads: number; readonly running: number; readonly waiting: number } {
    const { running, waiting } = this.slots;
    return { threads: this.pool?.threads.length ?? 0, running, waiting };
  }

  /**
   * Calls the method in a thread.
   *
   * @param args Can be cloned (structured clone), as what comes back must.
   * @param context `signal` is passed on; a thread that goes on regardless is ended half a second later.
   * @throws {UnavailableError} Too many calls wait.
   * @throws {TooLargeError} It took more memory than a thread may, or returned more than may leave it.
   * @throws {Error} What the tool threw, or that its thread ended.
   */
  async run(target: ThreadTarget, args: JsonObject, context: ToolContext): Promise<unknown> {
    const release = await this.slots.take(context.signal);
    const { port1: control, port2 } = new MessageChannel();
    control.on('message', (message: ThreadMessage) => deliver(message, context));
    const kill = new AbortController();
    let grace: NodeJS.Timeout | undefined;
    const onAbort = () => {
      send(control, { reason: messageOf(context.signal.reason) });
      grace = setTimeout(() => kill.abort(), GRACE_MS);
    };
    context.signal.addEventListener('abort', onAbort, { once: true });
    const { caller, groupId, resultMaxBytes, config } = context;
    const settings = { groupId, resultMaxBytes, config, maxBytes: this.maxBytes };
    const task = { ...target, args, caller, ...settings, control: port2 };
    try {
      this.pool ??= this.open();
      const outcome = await this.pool.run(task, { transferList: [port2], signal: kill.signal });
      deliverRest(control, context);
      return decodeOutcome(outcome);
    } catch (error) {
      throw this.explain(error, kill.signal);
    } finally {
      clearTimeout(grace);
      context.signal.removeEventListener('abort', onAbort);
      control.close();
      release();
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool?.destroy();
  }

  private open(): Piscina<ThreadTask, Uint8Array> {
    const { TOOL_THREADS_MAX, TOOL_THREAD_MEMORY_MIB } = this.config.env;
    const pool = new Piscina<ThreadTask, Uint8Array>({
      filename: compiledFile(new URL(entryName(), import.meta.url).href) ?? null,
      name: 'runInThread',
      minThreads: 0,
      maxThreads: TOOL_THREADS_MAX,
      idleTimeout: IDLE_MS,
      // Between calls a thread goes on with what its last tool left behind, so that this fails then, not in the next call.
      atomics: 'disabled',
      recordTiming: false,
      env: {}, // no address and no key of ours
      resourceLimits: {
        maxOldGenerationSizeMb: TOOL_THREAD_MEMORY_MIB,
        maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB,
      },
    });
    pool.on('error', (error: Error) =>
      this.logger.warn(`A thread ended between two calls: ${messageOf(error)}`),
    );
    return pool;
  }

  private explain(error: unknown, killed: AbortSignal): unknown {
    if (killed.aborted) return new Error('The tool went on after its time and was ended');
    if ((error as NodeJS.ErrnoException | undefined)?.code !== 'ERR_WORKER_OUT_OF_MEMORY') return error;
    const limit = this.config.env.TOOL_THREAD_MEMORY_MIB;
    return new TooLargeError(`It needed more than the ${limit} MiB of memory it may have. Ask for less.`);
  }
}

/** What was sent before the outcome came through another port, and so may come later. */
function deliverRest(control: MessagePort, context: ToolContext): void {
  for (let next = receiveMessageOnPort(control); next; next = receiveMessageOnPort(control)) {
    deliver(next.message as ThreadMessage, context);
  }
}

/** Beside this module, compiled or not. */
function entryName(): string {
  return import.meta.url.endsWith('.ts') ? './tool-thread.ts' : './tool-thread.js';
}

function deliver(message: ThreadMessage, context: ToolContext): void {
  if (message.kind === 'log') context.logger[message.level](message.message);
  else context.progress(message.done, message.total, message.message);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
