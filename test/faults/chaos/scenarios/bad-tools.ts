import { call } from '../load.js';
import { type Scenario, Tally, underLoad } from '../scenario.js';

const CALLS = { short: 1, full: 10 } as const;
const AT_ONCE = 2;
const KINDS = ['hang', 'throw', 'huge', 'never', 'leak', 'exit'].map((name) => `chaos_${name}`);
/** An id of an error, a number of bytes: what differs from call to call. */
const PARTICULARS = /error [0-9a-f-]{36}/g;

/** Tools that compute for ever, throw, return 100 MiB, never settle, leak, end their process: all at once. */
export const badTools: Scenario = {
  name: 'tools that hang, throw, return 100 MiB, never settle, leak, exit',
  run: (stage, size) =>
    underLoad(stage, async () => {
      const tally = new Tally();
      const caller = async (name: string) => {
        for (let n = 0; n < CALLS[size]; n++) {
          const { text } = await call(stage.target, { name });
          const told = /^\d+$/.test(text)
            ? 'a result'
            : text.replaceAll(PARTICULARS, 'error …').slice(0, 120);
          tally.add(`${name}: ${told}`);
        }
      };
      await Promise.all(KINDS.flatMap((name) => Array.from({ length: AT_ONCE }, () => caller(name))));
      return { others: tally.counts, notes: [`${CALLS[size] * AT_ONCE} calls of each, ${AT_ONCE} at once`] };
    }),
};
