import { Injectable } from '@nestjs/common';
import { Bulkheads } from './bulkheads.js';
import type { LimitRefusal, LimitScope } from './call-limits.js';
import { DayQuotas } from './day-quotas.js';
import { Rates } from './rates.js';

/** Every limit on how much is called: rates and places of this replica, daily quotas of all of them. */
@Injectable()
export class Limiter {
  private readonly rates = new Rates();
  private readonly bulkheads = new Bulkheads();

  constructor(private readonly quotas: DayQuotas) {}

  /**
   * Lets a call begin, or says why not. A call that finds no place has used up its share of the rates, but not of a quota.
   *
   * @param scopes The narrowest first: who waits for a place in a wide one holds those in narrower ones.
   * @param signal Ends the waiting for a place.
   * @returns How to end the call, or the refusal.
   * @throws {UnavailableError} There is a daily quota and the database did not answer.
   */
  async begin(scopes: readonly LimitScope[], signal: AbortSignal): Promise<LimitRefusal | (() => void)> {
    const tooSoon = this.rates.take(scopes);
    if (tooSoon) return tooSoon;
    const leave = await this.bulkheads.enter(scopes, signal);
    if (typeof leave !== 'function') return leave;
    if (signal.aborted) return leave; // it will not run, so it costs nothing of a day
    try {
      const spent = await this.quotas.take(scopes);
      if (!spent) return leave;
      leave();
      return spent;
    } catch (error) {
      leave();
      throw error;
    }
  }
}
