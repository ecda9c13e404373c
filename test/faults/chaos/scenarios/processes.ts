import { setTimeout as delay } from 'node:timers/promises';
import { type Scenario, underLoad } from '../scenario.js';

const ANSWERS_BETWEEN = 150;
const ROUNDS = { short: 2, full: 20 } as const;
const DATABASE_ROUNDS = { short: 1, full: 5 } as const;
const PAUSE_MS = { short: 1500, full: 10_000 } as const;
const DOWN_MS = 500;

/** The process that serves is gone from one moment to the next. */
export const killApp: Scenario = {
  name: 'kill -9 the service',
  run: (stage, size) =>
    underLoad(stage, async (load) => {
      const startsMs: number[] = [];
      for (let round = 0; round < ROUNDS[size]; round++) {
        await load.answers(ANSWERS_BETWEEN);
        await delay(round); // another moment of a batch each round
        await stage.app().kill9();
        const killedAt = performance.now();
        await stage.startApp();
        startsMs.push(Math.round(performance.now() - killedAt));
      }
      const slowest = Math.max(...startsMs);
      return { notes: [`${ROUNDS[size]} rounds; until it listened again, ${slowest} ms at most`] };
    }),
};

/** PostgreSQL and all its processes are gone, and come back half a second later. */
export const killPostgres: Scenario = {
  name: 'kill -9 PostgreSQL and start it',
  run: (stage, size) =>
    underLoad(stage, async (load) => {
      const downMs: number[] = [];
      const normalMs: number[] = [];
      for (let round = 0; round < DATABASE_ROUNDS[size]; round++) {
        const killedAt = performance.now();
        stage.postgres.kill9();
        await delay(DOWN_MS);
        await stage.postgres.start();
        downMs.push(Math.round(performance.now() - killedAt));
        normalMs.push(await load.everyone());
      }
      return {
        notes: [
          `${DATABASE_ROUNDS[size]} rounds; it was down for ${downMs.join(', ')} ms; normal after ${normalMs.join(', ')} ms`,
        ],
      };
    }),
};

/** PostgreSQL stands still, as on a machine that swaps: connections stay, nothing answers. */
export const pausePostgres: Scenario = {
  name: 'pause PostgreSQL (SIGSTOP)',
  run: (stage, size) =>
    underLoad(stage, async () => {
      stage.postgres.signal('SIGSTOP');
      await delay(PAUSE_MS[size]);
      stage.postgres.signal('SIGCONT');
      return { notes: [`${PAUSE_MS[size] / 1000} s`] };
    }),
};
