import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { CONNECTIONS_MAX } from '../own-postgres.js';
import { type Scenario, underLoad } from '../scenario.js';
import type { Stage } from '../stage.js';

const FULL_MS = { short: 1000, full: 8000 } as const;
const CUT_MS = { short: 1000, full: 8000 } as const;
const FROZEN_MS = { short: 1500, full: 12_000 } as const;

/** Somebody else takes every connection the server has, those that the service had before included. */
export const fillConnections: Scenario = {
  name: "fill PostgreSQL's connections",
  run: (stage, size) =>
    underLoad(stage, async () => {
      const greedy = await takeAll(stage);
      await delay(FULL_MS[size]);
      await Promise.all(greedy.map((client) => client.end()));
      return { notes: [`${greedy.length} of ${CONNECTIONS_MAX} taken for ${FULL_MS[size] / 1000} s`] };
    }),
};

/** The network to the database breaks: connections end, new ones are refused. */
export const cutNetwork: Scenario = {
  name: 'cut the network to PostgreSQL',
  run: (stage, size) =>
    underLoad(stage, async () => {
      stage.network.cut();
      await delay(CUT_MS[size]);
      stage.network.restore();
      return { notes: [`${CUT_MS[size] / 1000} s`] };
    }),
};

/** The network swallows everything: no connection ends, nothing comes. */
export const freezeNetwork: Scenario = {
  name: 'black-hole the network to PostgreSQL',
  run: (stage, size) =>
    underLoad(stage, async () => {
      stage.network.freeze();
      await delay(FROZEN_MS[size]);
      stage.network.restore();
      return { notes: [`${FROZEN_MS[size] / 1000} s`] };
    }),
};

/** Again and again, with the service's own connections ended in between, until none gets in any more. */
async function takeAll(stage: Stage): Promise<Client[]> {
  const clients: Client[] = [];
  const admin = stage.postgres.client('postgres');
  await admin.connect();
  for (let refusals = 0; refusals < 3;) {
    const client = stage.postgres.client('toolcrib');
    try {
      await client.connect();
      clients.push(client);
    } catch {
      refusals++;
      await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'toolcrib\\_%'`,
      );
    }
  }
  await admin.end();
  return clients;
}
