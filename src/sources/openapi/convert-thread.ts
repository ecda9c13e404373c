import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { AppError, messageOf } from '../../platform/errors.js';
import { type Conversion, type ConvertedOperation, convertDocument, type ConvertOptions } from './convert.js';

/** One message is read by the service at once. */
const OPERATIONS_PER_MESSAGE = 40;

export type ConvertTask = { readonly text: string; readonly options: ConvertOptions };

export type ConvertMessage =
  | { readonly kind: 'operations'; readonly operations: readonly ConvertedOperation[] }
  | { readonly kind: 'done'; readonly about: Omit<Conversion, 'operations'> }
  /** `isTheirs`: the document is wrong, not we. */
  | { readonly kind: 'failed'; readonly message: string; readonly isTheirs: boolean };

/** Converts the document that a thread was started with: see `document-threads.ts`. */
function convert({ text, options }: ConvertTask, port: MessagePort): void {
  try {
    const { operations, ...about } = convertDocument(text, options);
    for (let first = 0; first < operations.length; first += OPERATIONS_PER_MESSAGE)
      post(port, { kind: 'operations', operations: operations.slice(first, first + OPERATIONS_PER_MESSAGE) });
    post(port, { kind: 'done', about });
  } catch (error) {
    post(port, { kind: 'failed', message: messageOf(error), isTheirs: error instanceof AppError });
  }
}

function post(port: MessagePort, message: ConvertMessage): void {
  port.postMessage(message, []);
}

if (parentPort) convert(workerData as ConvertTask, parentPort);
