import { AsyncResource } from 'node:async_hooks';
import { type ChildProcess, fork } from 'node:child_process';
import { messageOf } from '../../platform/errors.js';
import { windowsEnvironment } from '../../platform/environment.js';
import { compiledFile } from './thread-target.js';
import type { HostAnswer, HostLimits, HostRequest, ThreadMessage, ThreadTask } from './thread-messages.js';

type Pending = {
  readonly child: ChildProcess;
  readonly onMessage: (message: ThreadMessage) => void;
  readonly settle: (answer: HostAnswer) => void;
};

/** The service's end of the process that holds the threads. There is none before the first call, nor long after the last. */
export class ThreadHost {
  private child: ChildProcess | undefined;
  private readonly pending = new Map<number, Pending>();
  private idle: NodeJS.Timeout | undefined;
  private lastId = 0;

  constructor(private readonly limits: HostLimits) {}

  get isRunning(): boolean {
    return this.child !== undefined;
  }

  /**
   * @param signal Told to the tool; a tool that goes on regardless is ended half a second later.
   * @returns How it ended. `lost` for all calls in the process when that ends.
   */
  run(
    task: Omit<ThreadTask, 'control'>,
    onMessage: (message: ThreadMessage) => void,
    signal: AbortSignal,
  ): Promise<HostAnswer> {
    clearTimeout(this.idle);
    const id = ++this.lastId;
    return new Promise((resolve) => {
      const child = (this.child ??= this.launch());
      const onAbort = () => this.send(child, { kind: 'abort', id, reason: messageOf(signal.reason) });
      const settle = (answer: HostAnswer) => {
        this.pending.delete(id);
        signal.removeEventListener('abort', onAbort);
        if (this.pending.size === 0) this.endWhenIdle();
        resolve(answer);
      };
      // Messages come in on a channel that began in another call; log lines are this one's.
      this.pending.set(id, { child, onMessage: AsyncResource.bind(onMessage), settle });
      signal.addEventListener('abort', onAbort, { once: true });
      this.send(child, { kind: 'run', id, task });
    });
  }

  /** Ends the process with what runs in it. */
  close(): void {
    clearTimeout(this.idle);
    this.child?.kill('SIGKILL');
    this.child = undefined; // a call from now on gets another
  }

  private send(child: ChildProcess, request: HostRequest): void {
    child.send(request, (error) => {
      if (error) this.pending.get(request.id)?.settle(lost(request.id, error.message));
    });
  }

  private launch(): ChildProcess {
    const sources = import.meta.url.endsWith('.ts');
    const file = compiledFile(
      new URL(`./thread-host-process.${sources ? 'ts' : 'js'}`, import.meta.url).href,
    );
    const child = fork(file ?? '', [JSON.stringify(this.limits)], {
      serialization: 'advanced',
      env: windowsEnvironment(), // no address and no key of ours
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child.on('message', (answer: HostAnswer) => {
      const pending = this.pending.get(answer.id);
      if (answer.kind === 'message') pending?.onMessage(answer.message);
      else pending?.settle(answer);
    });
    child.on('error', (error) => {
      // 'exit' follows, or the callback of `send` has told; but for a process that there never was.
      if (child.pid === undefined) this.ended(child, error.message);
    });
    child.once('exit', (code, signal) => this.ended(child, signal ?? `exit code ${code}`));
    return child;
  }

  private ended(child: ChildProcess, how: string): void {
    if (this.child === child) this.child = undefined;
    const ends = [...this.pending].filter(([, pending]) => pending.child === child);
    const message = `The process of the threads ended (${how})`;
    for (const [id, { settle }] of ends) settle({ ...lost(id, message), wasShared: ends.length > 1 });
  }

  private endWhenIdle(): void {
    clearTimeout(this.idle);
    this.idle = setTimeout(() => this.close(), this.limits.idleMs).unref();
  }
}

function lost(id: number, message: string): HostAnswer & { kind: 'lost' } {
  return { kind: 'lost', id, message };
}
