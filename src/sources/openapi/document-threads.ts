import { Worker } from 'node:worker_threads';
import { Injectable } from '@nestjs/common';
import { InvalidInputError, UnavailableError } from '../../platform/errors.js';
import { compiledFile } from '../../tools/native/thread-target.js';
import type { Conversion, ConvertedOperation, ConvertOptions } from './convert.js';
import type { ConvertMessage, ConvertTask } from './convert-thread.js';

/** A document of 20 MiB needs a tenth of it. */
const LIMIT_MS = 60_000;
const HEAP_MAX_MIB = 640;
const WAITING_MAX = 20;

/**
 * Converts documents in a thread of its own, one after the other: somebody's document of megabytes holds up nobody's calls, and one that
 * is made to use up memory ends its thread only.
 */
@Injectable()
export class DocumentThreads {
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  /**
   * @throws {InvalidInputError} It is no OpenAPI document, or too large to be converted.
   * @throws {UnavailableError} Too many wait.
   */
  async convert(text: string, options: ConvertOptions = {}): Promise<Conversion> {
    if (this.waiting >= WAITING_MAX)
      throw new UnavailableError('Too many OpenAPI documents are being read; try again in a minute');
    this.waiting++;
    const turn = this.last.then(() => run({ text, options }));
    this.last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.waiting--;
    }
  }
}

function run(task: ConvertTask): Promise<Conversion> {
  const isSource = import.meta.url.endsWith('.ts');
  const file = compiledFile(new URL(`./convert-thread.${isSource ? 'ts' : 'js'}`, import.meta.url).href);
  const worker = new Worker(file ?? '', {
    workerData: task,
    env: {}, // no address and no key of ours
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MAX_MIB },
  });
  const operations: ConvertedOperation[] = [];
  return new Promise<Conversion>((resolve, reject) => {
    const timer = setTimeout(() => reject(tooMuch()), LIMIT_MS);
    worker.on('message', (message: ConvertMessage) => {
      if (message.kind === 'operations') operations.push(...message.operations);
      else if (message.kind === 'done') resolve({ ...message.about, operations });
      else reject(message.isTheirs ? new InvalidInputError(message.message) : new Error(message.message));
    });
    worker.on('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooMuch() : error),
    );
    worker.on('exit', () => {
      clearTimeout(timer);
      reject(tooMuch());
    });
  }).finally(() => void worker.terminate());
}

function tooMuch(): InvalidInputError {
  return new InvalidInputError(
    'The document takes too much time or memory to be read: give one with fewer operations, or without the parts that nest without end',
  );
}
