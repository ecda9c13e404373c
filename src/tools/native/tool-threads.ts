import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import type { ToolContext } from '../mcp-tool.decorator.js';
import { ThreadHost } from './thread-host.js';
import {
  decodeOutcome,
  SharedEndError,
  type ThreadMessage,
  type ThreadTarget,
  TooLargeError,
} from './thread-messages.js';
import { ThreadSlots } from './thread-slots.js';
import type { JsonObject } from '../tool-definition.js';

const IDLE_MS = 60_000;
/** Clones are larger than JSON (two bytes a character), and the executor may page through what is above its own limit. */
const RESULT_ROOM = 8;

/**
 * Runs tools with `isolation: 'worker'` in threads of another process. A loop without end, a crash or too much memory
 * ends the thread and the one call it was running. What V8 or the system takes a whole process for (one allocation of
 * hundreds of MiB, a fault in native code) ends that process with the calls in its other threads, never the service.
 *
 * It is against accidents, no sandbox for code that is not trusted: files and the network are open to it.
 */
@Injectable()
export class ToolThreads implements OnApplicationShutdown {
  private readonly slots: ThreadSlots;
  private readonly host: ThreadHost;
  private readonly maxBytes: number;

  constructor(private readonly config: Config) {
    const { TOOL_THREADS_MAX, TOOL_THREAD_MEMORY_MIB, TOOL_THREAD_QUEUE_MAX } = config.env;
    this.slots = new ThreadSlots(TOOL_THREADS_MAX, TOOL_THREAD_QUEUE_MAX);
    this.host = new ThreadHost({
      threads: TOOL_THREADS_MAX,
      memoryMiB: TOOL_THREAD_MEMORY_MIB,
      idleMs: IDLE_MS,
    });
    this.maxBytes = RESULT_ROOM * config.env.TOOL_RESULT_MAX_BYTES;
  }

  /** Whether the process is there, calls that have a thread, calls that wait for one. */
  get state(): { readonly started: boolean; readonly running: number; readonly waiting: number } {
    const { running, waiting } = this.slots;
    return { started: this.host.isRunning, running, waiting };
  }

  /**
   * Calls the method in a thread.
   *
   * @param args Can be cloned (structured clone), as what comes back must.
   * @param context `signal` is passed on; a thread that goes on regardless is ended half a second later.
   * @throws {NoThreadError} Too many calls wait.
   * @throws {TooLargeError} It took more memory than a thread may, or returned more than may leave it.
   * @throws {Error} What the tool threw, or that its thread or its process ended.
   */
  async run(target: ThreadTarget, args: JsonObject, context: ToolContext): Promise<unknown> {
    const { caller, groupId, resultMaxBytes, config, signal } = context;
    const release = await this.slots.take(caller.tenantId, signal);
    try {
      const settings = { groupId, resultMaxBytes, config, maxBytes: this.maxBytes };
      const task = { ...target, args, caller, ...settings };
      const answer = await this.host.run(task, (message) => deliver(message, context), signal);
      if (answer.kind === 'outcome') return decodeOutcome(answer.bytes);
      if (answer.kind === 'lost')
        throw answer.wasShared ? new SharedEndError(answer.message) : new Error(answer.message);
      const limit = this.config.env.TOOL_THREAD_MEMORY_MIB;
      throw new TooLargeError(`It needed more than the ${limit} MiB of memory it may have. Ask for less.`);
    } finally {
      release();
    }
  }

  onApplicationShutdown(): void {
    this.host.close();
  }
}

function deliver(message: ThreadMessage, context: ToolContext): void {
  if (message.kind === 'log') context.logger[message.level](message.message);
  else context.progress(message.done, message.total, message.message);
}
