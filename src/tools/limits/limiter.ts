import { Injectable } from '@nestjs/common';
import type { Ending } from '../../platform/ending.js';
import { Bulkheads } from './bulkheads.js';
import type { LimitRefusal, LimitScope } from '../../access/call-limits.js';
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
   * @param ending Of the call; it ends the waiting for a place.
   * @returns How to end the call, or the refusal.
   * @throws {UnavailableError} There is a daily quota and the database did not answer.
   */
  async begin(scopes: readonly LimitScope[], ending: Ending): Promise<LimitRefusal | (() => void)> {
    const tooSoon = this.rates.take(scopes);
    if (tooSoon) return tooSoon;
    const leave = await this.bulkheads.enter(scopes, ending);
    if (typeof leave !== 'function') return leave;
    if (ending.hasEnded) return leave; // it will not run, so it costs nothing of a day
    try {
      const taking = this.quotas.take(scopes);
      const spent = taking && (await taking);
      if (!spent) return leave;
      leave();
      return spent;
    } catch (error) {
      leave();
      throw error;
    }
  }
}
