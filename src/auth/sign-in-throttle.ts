import { Injectable } from '@nestjs/common';
import { TooManyRequestsError } from '../common/errors.js';

const FAILURES_MAX = 5;
const LOCK_MS = 60_000;
const ENTRIES_MAX = 10_000;

type Failures = { count: number; until: number };

/**
 * Slows down guessing: five wrong passwords for one address from one client lock that pair for a minute. Kept in
 * memory per replica and bounded (the oldest entry goes first); it does not stop an attacker with many addresses.
 */
@Injectable()
export class SignInThrottle {
  private readonly failures = new Map<string, Failures>();

  /**
   * Before a password is looked at. Counts as a failure until {@link recordSuccess}, so that guesses made at the same
   * time do not all slip through.
   *
   * @throws {TooManyRequestsError} The pair is locked.
   */
  admit(email: string, ip: string, now = Date.now()): void {
    const entryKey = key(email, ip);
    const entry = this.failures.get(entryKey);
    const count = entry && entry.until > now ? entry.count : 0;
    if (entry && count >= FAILURES_MAX) {
      const seconds = Math.ceil((entry.until - now) / 1000);
      throw new TooManyRequestsError(`Too many failed sign-ins; try again in ${seconds} seconds`, seconds);
    }
    this.failures.delete(entryKey);
    this.failures.set(entryKey, { count: count + 1, until: now + LOCK_MS });
    if (this.failures.size > ENTRIES_MAX) this.failures.delete(this.failures.keys().next().value!);
  }

  recordSuccess(email: string, ip: string): void {
    this.failures.delete(key(email, ip));
  }
}

function key(email: string, ip: string): string {
  return `${ip} ${email}`;
}
