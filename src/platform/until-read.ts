import type { Logger } from '@nestjs/common';
import { messageOf } from './errors.js';

const RETRY_DELAY_MS = 500;

/**
 * Reads what this replica keeps in memory, again and again while the database is away: a change that was announced must not be
 * missed for it.
 *
 * @param what Begins the warning of each failure, e.g. `Groups`.
 */
export async function untilRead<T>(logger: Logger, what: string, read: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await read();
    } catch (error) {
      logger.warn(`${what} could not be read; trying again: ${messageOf(error)}`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS).unref());
    }
  }
}
