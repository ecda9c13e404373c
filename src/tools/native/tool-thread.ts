import 'reflect-metadata';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { move } from 'piscina';
import type { ToolContext, ToolLogger } from '../mcp-tool.decorator.js';
import { type AbortMessage, encodeFailure, encodeResult, send } from './thread-messages.js';
import type { ThreadMessage, ThreadTarget, ThreadTask } from './thread-messages.js';
import { cutText } from '../../platform/cut-text.js';

type Method = (args: unknown, context: ToolContext) => unknown;

const MESSAGES_PER_SECOND = 100;
const MESSAGE_MAX_CHARACTERS = 4000;
const instances = new Map<string, Promise<Record<string, Method>>>();

/**
 * What a thread of `ToolThreads` runs for one call: imports the tool's module, makes the class without dependencies,
 * calls the method. Each thread keeps the instance for its later calls. Not for the main thread.
 *
 * @returns The outcome, encoded; it throws nothing.
 */
export async function runInThread(task: ThreadTask): Promise<unknown> {
  const controller = new AbortController();
  task.control.on('message', ({ reason }: AbortMessage) => controller.abort(new Error(reason)));
  try {
    const instance = await instanceOf(task);
    const data = await instance[task.method](task.args, contextOf(task, controller.signal));
    await nextTurn(); // what it left rejected behind its back ends this call, not the next one of this thread
    return move(encodeResult(data, task.maxBytes));
  } catch (error) {
    return move(encodeFailure(error));
  }
}

function instanceOf(target: ThreadTarget): Promise<Record<string, Method>> {
  const name = `${target.module} ${target.className}`;
  let instance = instances.get(name);
  if (!instance) {
    instance = make(target);
    instances.set(name, instance);
  }
  return instance;
}

async function make({ module, className }: ThreadTarget): Promise<Record<string, Method>> {
  const exported = (await import(module)) as Record<string, new () => Record<string, Method>>;
  return new exported[className]();
}

function contextOf(task: ThreadTask, signal: AbortSignal): ToolContext {
  const { caller, groupId, resultMaxBytes, config } = task;
  const post = sender(task);
  const log = (level: keyof ToolLogger) => (message: string) =>
    post({ kind: 'log', level, message: cut(message) });
  return {
    caller,
    groupId,
    resultMaxBytes,
    config,
    signal,
    logger: { debug: log('debug'), info: log('info'), warning: log('warning'), error: log('error') },
    progress: (done, total, message) =>
      post({ kind: 'progress', done, total, message: message === undefined ? undefined : cut(message) }),
  };
}

/** Drops what is too much: a loop that reports without end would keep the main thread busy with nothing else. */
function sender({ control }: ThreadTask): (message: ThreadMessage) => void {
  let second = 0;
  let sent = 0;
  return (message) => {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) [second, sent] = [now, 0];
    if (sent++ < MESSAGES_PER_SECOND) send(control, message);
  };
}

function cut(message: unknown): string {
  return cutText(String(message), MESSAGE_MAX_CHARACTERS);
}
