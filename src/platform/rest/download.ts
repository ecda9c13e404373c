import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';

export type Download = {
  readonly contentType: string;
  readonly fileName: string;
  /** Made as it is read, so that its size does not matter. */
  readonly content: AsyncIterable<string | Buffer>;
};

/** How long a client may take nothing: what stands behind the download (a transaction, a lock) is not held for longer. */
const STALL_MS = 60_000;

/**
 * Sends a file of any size in constant memory. A failure before its first piece is answered like any other; a later one
 * breaks the connection, so that half a file is not taken for a whole one.
 */
export async function sendDownload(
  response: Response,
  { contentType, fileName, content }: Download,
): Promise<void> {
  const iterator = content[Symbol.asyncIterator]();
  const first = await iterator.next();
  response.setHeader('Content-Type', contentType);
  response.setHeader('Content-Disposition', `attachment; filename="${fileName}"`);
  response.setHeader('Cache-Control', 'no-store');
  response.setTimeout(STALL_MS, () => response.destroy());
  const pieces = async function* () {
    try {
      for (let piece = first; !piece.done; piece = await iterator.next()) yield piece.value;
    } finally {
      await iterator.return?.();
    }
  };
  await pipeline(Readable.from(pieces(), { objectMode: true, highWaterMark: 1 }), response).catch(
    () => undefined, // the client has gone, or sees that the connection broke
  );
}
