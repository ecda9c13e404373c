import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { traceOf } from '../../platform/errors.js';
import type { HostAnswer, HostLimits, HostRequest, ThreadMessage, ThreadTask } from './thread-messages.js';
import { send } from './thread-messages.js';

/**
 * The process that holds the threads of `ToolThreads`: its main thread only carries messages. It is a process because V8
 * ends a whole process, not a thread, when a single allocation is far above the limit of a thread. It ends with the channel
 * to the service, however that ended.
 */

/** How long a tool may go on after its signal, before its thread is ended. */
const GRACE_MS = 500;
const YOUNG_GENERATION_MIB = 16;

type Running = { abort(reason: string): void };

const limits = JSON.parse(process.argv[2] ?? '{}') as HostLimits;
const running = new Map<number, Running>();
const pool = new Piscina<ThreadTask, Uint8Array>({
  filename: fileURLToPath(new URL('./tool-thread.js', import.meta.url)),
  name: 'runInThread',
  minThreads: 0,
  maxThreads: limits.threads,
  idleTimeout: limits.idleMs,
  // Between calls a thread goes on with what its last tool left behind, so that this fails then, not in the next call.
  atomics: 'disabled',
  recordTiming: false,
  resourceLimits: {
    maxOldGenerationSizeMb: limits.memoryMiB,
    maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB,
  },
});

// A thread that ends between two calls harmed nobody.
pool.on('error', () => undefined);
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches us, too; the service lets its calls finish first.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
offerToBeKilledFirst();
process.on('message', (request: HostRequest) => {
  if (request.kind === 'run') void run(request.id, request.task);
  else running.get(request.id)?.abort(request.reason);
});

async function run(id: number, task: Omit<ThreadTask, 'control'>): Promise<void> {
  const { port1: control, port2 } = new MessageChannel();
  const kill = new AbortController();
  let grace: NodeJS.Timeout | undefined;
  control.on('message', (message: ThreadMessage) => answer({ kind: 'message', id, message }));
  running.set(id, {
    abort: (reason) => {
      send(control, { reason });
      grace ??= setTimeout(() => kill.abort(), GRACE_MS);
    },
  });
  try {
    const whole = { ...task, control: port2 };
    const bytes = await pool.run(whole, { transferList: [port2], signal: kill.signal });
    sendRest(id, control);
    answer({ kind: 'outcome', id, bytes });
  } catch (error) {
    answer(explain(id, error, kill.signal));
  } finally {
    clearTimeout(grace);
    running.delete(id);
    control.close();
  }
}

function explain(id: number, error: unknown, killed: AbortSignal): HostAnswer {
  if (killed.aborted) return { kind: 'lost', id, message: 'The tool went on after its time and was ended' };
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY')
    return { kind: 'out_of_memory', id };
  const message = traceOf(error);
  return { kind: 'lost', id, message: `The tool's thread ended: ${message}` };
}

/** What was sent before the outcome came through another port, and so may come later. */
function sendRest(id: number, control: MessagePort): void {
  for (let next = receiveMessageOnPort(control); next; next = receiveMessageOnPort(control)) {
    answer({ kind: 'message', id, message: next.message as ThreadMessage });
  }
}

function answer(message: HostAnswer): void {
  if (process.connected) process.send?.(message);
}

/** When the machine runs out of memory (Buffers are not limited), it is we who go, not the service (proc(5)). */
function offerToBeKilledFirst(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Not on Linux.
  }
}
