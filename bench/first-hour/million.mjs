// A million customers, in some two minutes. People come from the product's own sample, through COPY; their history is that of a
// thousand generated customers a thousand times over, under the ids that the sample would give.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { CopyBatch } from '../../dist/src/crm/sample/sample-copy.js';
import { SAMPLE_SEED } from '../../dist/src/crm/sample/sample-data.js';
import { makePerson, writeUser } from '../../dist/src/crm/sample/sample-person.js';
import { SampleIds } from '../../dist/src/crm/sample/sample-random.js';

/** Customers whose history is multiplied; they are there already. */
export const MODELS = 1000;
const USERS_PER_COPY = 10_000;
const USER_COLUMNS =
  'id, tenant_id, username, email, display_name, phone, roles, tier, created_at, updated_at';
/** Columns that hold an id with the customer's number in it, by table; `sender_id` where the customer is the sender. */
const NUMBERED = {
  messages: ['id', 'conversation_id', 'user_id', 'sender_id'],
  consultations: ['id', 'user_id'],
  treatments: ['id', 'user_id'],
  customer_profiles: ['user_id'],
  conversations: ['id', 'user_id'],
  tasks: ['id', 'user_id'],
  customer_preferences: ['user_id'],
};
const TABLES = ['users', ...Object.keys(NUMBERED)];

/**
 * Adds customers behind those numbered `first` to `first + MODELS - 1`, as superuser: no policy, no trigger. The indexes are made
 * afterwards, as a restore does it, and the statistics last.
 *
 * @param url Of a superuser.
 * @param copies How often each model's history is there afterwards.
 */
export async function multiplyCustomers(url, { tenantId, first, copies }) {
  const clients = await Promise.all([connect(url), connect(url)]);
  const [client] = clients;
  try {
    const indexes = await dropIndexes(client);
    for (const table of Object.keys(NUMBERED)) await makeModel(client, table, { tenantId, first });
    await inTurns(clients, [
      (one) => copyUsers(one, { tenantId, from: first + MODELS, to: first + MODELS * copies }),
      ...Object.keys(NUMBERED).map((table) => (one) => multiply(one, table, copies)),
    ]);
    await inTurns(
      clients,
      indexes.map((definition) => (one) => one.query(definition)),
    );
    await inTurns(
      clients,
      TABLES.map((table) => (one) => one.query(`VACUUM (ANALYZE) ${table}`)),
    );
    for (const table of Object.keys(NUMBERED)) await client.query(`DROP TABLE model_${table}`);
    await client.query('CHECKPOINT'); // else it comes while something is measured
  } finally {
    await Promise.all(clients.map((one) => one.end()));
  }
}

async function connect(url) {
  const client = new pg.Client(url);
  await client.connect();
  await client.query('SET session_replication_role = replica'); // the rows are made so that foreign keys hold
  await client.query(`SET maintenance_work_mem = '1GB'`);
  await client.query('SET synchronous_commit = off');
  return client;
}

/** Does each piece of work on the first client that is free. */
async function inTurns(clients, works) {
  const waiting = [...works];
  const go = async (client) => {
    for (let work = waiting.shift(); work; work = waiting.shift()) await work(client);
  };
  await Promise.all(clients.map(go));
}

/** @returns What makes them again, the dearest first. Those of constraints stay: others refer to them. */
async function dropIndexes(client) {
  const { rows } = await client.query(
    `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index i
     WHERE indrelid = ANY ($1::regclass[]) AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)`,
    [TABLES],
  );
  for (const { name } of rows) await client.query(`DROP INDEX ${name}`);
  const isDear = ({ definition }) => definition.includes('gin') || definition.includes('messages');
  return rows.toSorted((a, b) => isDear(b) - isDear(a)).map(({ definition }) => definition);
}

/** A table's rows of the models, with the customer's number and what follows it in each id. */
async function makeModel(client, table, { tenantId, first }) {
  const ids = new SampleIds(tenantId, SAMPLE_SEED);
  const tails = NUMBERED[table].map(
    (column) => `right(replace(${column}::text, '-', ''), 20) AS ${column}_tail`,
  );
  await client.query(
    `CREATE UNLOGGED TABLE model_${table} AS SELECT *, ${tails.join(', ')},
       ('x' || lpad(left(replace(user_id::text, '-', ''), 12), 16, '0'))::bit(64)::bigint AS number
     FROM ${table} WHERE user_id >= '${ids.of('customer', first)}' AND user_id < '${ids.of('customer', first + MODELS)}'`,
  );
}

async function multiply(client, table, copies) {
  const { rows } = await client.query(
    `SELECT quote_ident(attname) AS name FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum`,
    [table],
  );
  const columns = rows.map(({ name }) => name);
  const values = columns.map((column) => {
    if (!NUMBERED[table].includes(column)) return column;
    const moved = `(place || ${column}_tail)::uuid`;
    return column === 'sender_id'
      ? `CASE sender_kind WHEN 'customer' THEN ${moved} ELSE sender_id END`
      : moved;
  });
  // One copy at a time, so that the ids rise and the unique indexes grow at their ends.
  for (let copy = 1; copy < copies; copy += 1) {
    await client.query({
      name: table,
      text: `INSERT INTO ${table} (${columns.join(', ')}) SELECT ${values.join(', ')} FROM model_${table},
        LATERAL (SELECT lpad(to_hex(number + $1::int), 12, '0') AS place) AS moved`,
      values: [copy * MODELS],
    });
  }
}

async function copyUsers(client, { tenantId, from, to }) {
  const asOf = new Date(new Date().setUTCHours(0, 0, 0, 0));
  const ids = new SampleIds(tenantId, SAMPLE_SEED);
  const world = { tenantId, seed: SAMPLE_SEED, ids, asOf, messagesPerCustomer: 1 };
  for (let number = from; number < to;) {
    const batch = new CopyBatch();
    const end = Math.min(to, number + USERS_PER_COPY);
    for (; number < end; number += 1) writeUser(makePerson(world, number), batch);
    const copy = client.query(copyFrom(`COPY users (${USER_COLUMNS}) FROM STDIN`));
    await pipeline(Readable.from([Buffer.from(batch.textOf('users'))]), copy);
  }
}
