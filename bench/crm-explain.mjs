// How long each tool of the business system takes on a large sample, and by which plan.
//
//   npm run build && npm run sample -- --customers 1000000 --messages 10      (once, into DATABASE_URL)
//   DATABASE_URL=postgres://… node bench/crm-explain.mjs [--runs 40] [--plans]
//
// Prints a Markdown table: median and 95th percentile of whole tool calls over random customers, and for the queries of
// one call the plan's scans and the time the database measured (EXPLAIN (ANALYZE, BUFFERS)).
import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { DiscoveryModule, DiscoveryService, NestFactory } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { PlatformModule } from '../dist/src/platform/platform.module.js';
import { loadConfig } from '../dist/src/platform/config.js';
import { CrmModule } from '../dist/src/crm/crm.module.js';
import { SAMPLE_SEED } from '../dist/src/crm/sample/sample-data.js';
import { SampleIds } from '../dist/src/crm/sample/sample-random.js';
import { inTenant } from '../dist/src/platform/request-scope.js';
import { dataSourceOptions, systemDataSourceOptions } from '../dist/src/boot/database/database.js';
import { ToolMetadata } from '../dist/src/tools/mcp-tool.decorator.js';

const { values: options } = parseArgs({
  options: { runs: { type: 'string', default: '40' }, plans: { type: 'boolean', default: false } },
});
const config = loadConfig({
  DATABASE_URL: process.env.DATABASE_URL,
  TOOLCRIB_MASTER_KEY: Buffer.alloc(32).toString('base64'),
});

let recorded;
const logger = Object.fromEntries(
  ['logQueryError', 'logQuerySlow', 'logSchemaBuild', 'logMigration', 'log'].map((name) => [
    name,
    () => undefined,
  ]),
);
logger.logQuery = (sql, parameters) => recorded?.push({ sql, parameters });

class BenchModule {}
const app = await NestFactory.createApplicationContext(
  {
    module: BenchModule,
    imports: [
      DiscoveryModule,
      PlatformModule.forRoot(config),
      TypeOrmModule.forRoot({ ...dataSourceOptions(config), logging: ['query'], logger }),
      CrmModule,
    ],
  },
  { logger: false },
);
const data = app.get(getDataSourceToken());
const tools = findTools();

// The service's role sees one tenant at a time; the system's role sees which one is the largest.
const system = await new DataSource(systemDataSourceOptions(config)).initialize();
const [tenant] = await system.query(
  'SELECT tenant_id AS id, count(*)::int AS users FROM users GROUP BY 1 ORDER BY 2 DESC LIMIT 1',
);
await system.destroy();
const [{ messages }] = await data.query(
  `SELECT reltuples::bigint AS messages FROM pg_class WHERE relname = 'messages'`,
);
console.log(`${tenant.users} users in the tenant, about ${messages} messages\n`);
const ids = new SampleIds(tenant.id, SAMPLE_SEED);
const caller = { kind: 'job', tenantId: tenant.id, job: 'bench' };
const anyCustomer = () => ids.of('customer', Math.floor(Math.random() * (tenant.users - 6)));
const numberOf = (customer) => SampleIds.customerOf(customer);
const queryOwn = (sql, parameters) => inTenant(tenant.id, () => data.query(sql, parameters));
const someTasks = await queryOwn(
  'SELECT id, user_id FROM tasks TABLESAMPLE SYSTEM (0.1) WHERE closed_at IS NULL LIMIT 500',
);
const anyTask = () => someTasks[Math.floor(Math.random() * someTasks.length)];
const [{ username }] = await queryOwn('SELECT username FROM users WHERE id = $1', [anyCustomer()]);
const { next_cursor: deepCursor } = await pageAfter('example.com', 20);

const cases = [
  ['get_user_profile', 'by id', () => ({ user_id: anyCustomer() })],
  ['get_user_profile', 'by username', () => ({ username })],
  ['search_users', 'a whole e-mail address', () => ({ query: `${username}@example.com` })],
  ['search_users', 'a whole username', () => ({ query: username })],
  ['search_users', 'wang: 1 in 43', () => ({ query: 'wang' })],
  ['search_users', 'example.com: everybody', () => ({ query: 'example.com' })],
  ['search_users', 'example.com, page 21', () => ({ query: 'example.com', cursor: deepCursor })],
  ['search_users', 'xiaoming: 1 in 1,900', () => ({ query: 'xiaoming' })],
  ['search_users', '小明: 1 in 3,600', () => ({ query: '小明' })],
  ['search_users', '王小明', () => ({ query: '王小明' })],
  ['search_users', '王: 1 in 43', () => ({ query: '王' })],
  ['search_users', 'em: 1 in 120', () => ({ query: 'em' })],
  ['search_users', 'zq: nobody', () => ({ query: 'zq' })],
  ['search_users', 'nosuchname: nobody', () => ({ query: 'nosuchname' })],
  ['search_users', '龘龘: nobody', () => ({ query: '龘龘' })],
  ['search_users', 'lin, role consultant', () => ({ query: 'lin', role: 'consultant' })],
  ['search_users', 'wang, role consultant: nobody', () => ({ query: 'wang', role: 'consultant' })],
  ['get_customer_profile', '', () => ({ user_id: anyCustomer() })],
  ['analyze_customer', 'basic', () => ({ user_id: anyCustomer() })],
  ['analyze_customer', 'predictive', () => ({ user_id: anyCustomer(), analysis_type: 'predictive' })],
  ['get_customer_preferences', '', () => ({ user_id: anyCustomer() })],
  ['update_customer_preferences', '', () => ({ user_id: anyCustomer(), channel: 'sms' })],
  ['get_conversation_messages', 'newest 100 of a customer', () => ({ user_id: anyCustomer(), limit: 100 })],
  [
    'get_conversation_messages',
    'a conversation',
    () => ({ conversation_id: ids.of('conversation', numberOf(anyCustomer())) }),
  ],
  [
    'get_conversation_messages',
    'around a message',
    () => ({ message_id: ids.of('message', numberOf(anyCustomer()), 1) }),
  ],
  ['get_conversation_messages', 'before a message', () => beforeLast(anyCustomer())],
  ['get_consultation_history', '', () => ({ user_id: anyCustomer() })],
  ['summarize_consultations', '', () => ({ user_id: anyCustomer() })],
  ['get_task', '', () => ({ task_id: anyTask().id })],
  ['list_tasks', '', () => ({ user_id: anyTask().user_id })],
  ['list_tasks', 'status done', () => ({ user_id: anyTask().user_id, status: 'done' })],
  ['create_task', '', () => ({ user_id: anyCustomer(), title: 'bench' })],
  ['update_task_status', '', () => ({ task_id: someTasks.pop().id, status: 'cancelled' })],
  ['get_project_info', 'the catalogue', () => ({})],
  ['get_project_info', 'query laser', () => ({ query: 'laser' })],
];

console.log('| tool | case | median ms | p95 ms | in the database, ms | scans of its queries |');
console.log('| --- | --- | ---: | ---: | ---: | --- |');
for (const [name, label, makeArguments, expectedError] of cases) {
  for (let warmUp = 0; warmUp < 3; warmUp += 1) await timed(name, makeArguments(), expectedError);
  const times = [];
  for (let run = 0; run < Number(options.runs); run += 1)
    times.push(await timed(name, makeArguments(), expectedError));
  times.sort((a, b) => a - b);
  const lastArguments = await makeArguments();
  recorded = [];
  await timed(name, lastArguments, expectedError);
  const queries = recorded;
  recorded = undefined;
  const plans = [];
  for (const query of queries)
    if (/^(SELECT|WITH|UPDATE|INSERT)/.test(query.sql)) plans.push(await explain(query));
  const milliseconds = plans.reduce((sum, plan) => sum + plan.milliseconds, 0);
  const scans = plans.map((plan) => plan.scans.join(' + ')).join('; ');
  const [median, p95] = [0.5, 0.95].map((share) => times[Math.floor(times.length * share)].toFixed(1));
  console.log(`| ${name} | ${label} | ${median} | ${p95} | ${milliseconds.toFixed(2)} | ${scans} |`);
  if (options.plans) for (const plan of plans) console.log(plan.text);
}
await sweepSearch();
await app.close();

/** search_users for what people type, taken from random users. */
async function sweepSearch() {
  const people = await queryOwn(
    `SELECT display_name AS name, username, email, phone FROM users TABLESAMPLE SYSTEM (0.3)
     WHERE phone IS NOT NULL ORDER BY random() LIMIT ${Number(options.runs) * 25}`,
  );
  const latinName = ({ username: text }) => text.replace(/\d+$/, '');
  const kinds = {
    'whole display name': ({ name }) => name,
    'beginning of the display name': ({ name }) => partOf(name, { min: 2, max: 4, from: 0 }),
    'one or two characters of the display name': ({ name }) => partOf(name, { min: 1, max: 2 }),
    'given name in Latin': (person) => latinName(person).split('.')[1],
    'family name in Latin': (person) => latinName(person).split('.')[0],
    'whole username': (person) => person.username,
    'username without its number': latinName,
    'whole e-mail address': ({ email }) => email,
    'whole phone number': ({ phone }) => phone,
    'last eight digits of a phone number': ({ phone }) => phone.slice(-8),
    'last four digits of a phone number': ({ phone }) => phone.slice(-4),
    'any 3 to 6 characters of a username': (person) => partOf(person.username, { min: 3, max: 6 }),
  };
  console.log(
    `\n| search_users with | median ms | p95 ms | p99 ms | worst ms |\n| --- | ---: | ---: | ---: | ---: |`,
  );
  for (const [label, queryOf] of Object.entries(kinds)) {
    const times = [];
    for (const person of people) times.push(await timed('search_users', { query: queryOf(person) }));
    times.sort((a, b) => a - b);
    const figures = [0.5, 0.95, 0.99, 1].map((share) =>
      times[Math.ceil(times.length * share) - 1].toFixed(1),
    );
    console.log(`| ${label} | ${figures.join(' | ')} |`);
  }
}

function partOf(text, { min, max, from }) {
  const characters = [...text];
  const length = min + Math.floor(Math.random() * (max - min + 1));
  const start = from ?? Math.floor(Math.random() * Math.max(1, characters.length - length + 1));
  return (
    characters
      .slice(start, start + length)
      .join('')
      .trim() || text
  );
}

async function timed(name, args, expectedError) {
  const { toolOptions, run } = tools.get(name);
  const input = toolOptions.input.parse(args instanceof Promise ? await args : args);
  const context = {
    caller,
    config: toolOptions.config?.parse({}) ?? {},
    signal: new AbortController().signal,
  };
  const startedMs = performance.now();
  await inTenant(tenant.id, () => run(input, context)).catch((error) => {
    if (error.name !== expectedError) throw error;
  });
  return performance.now() - startedMs;
}

/** Runs the statement once more and takes back what it changed. */
async function explain({ sql, parameters: given }) {
  const parameters = sql.startsWith('INSERT INTO "tasks"') ? [uuidv7(), ...given.slice(1)] : given;
  const runner = data.createQueryRunner();
  await inTenant(tenant.id, () => runner.startTransaction());
  try {
    const [row] = await runner.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${sql}`, parameters);
    const [plan] = row['QUERY PLAN'];
    return {
      milliseconds: plan['Planning Time'] + plan['Execution Time'],
      scans: scansOf(plan.Plan),
      text: JSON.stringify(plan),
    };
  } finally {
    await runner.rollbackTransaction();
    await runner.release();
  }
}

function scansOf(node) {
  const below = (node.Plans ?? []).flatMap(scansOf);
  const type = node['Node Type'];
  if (type === 'ModifyTable') return [...below, `${node.Operation.toLowerCase()} ${node['Relation Name']}`];
  const index = node['Index Name']?.startsWith('PK_')
    ? `primary key of ${node['Relation Name']}`
    : node['Index Name'];
  const place = index ?? node['Relation Name'];
  if (!place || type === 'Bitmap Heap Scan') return below;
  return [...below, type === 'Seq Scan' ? `all of ${place}` : place];
}

function findTools() {
  const found = new Map();
  for (const { instance } of app.get(DiscoveryService).getProviders()) {
    if (!instance || typeof instance !== 'object') continue;
    const prototype = Object.getPrototypeOf(instance) ?? {};
    for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      const toolOptions = typeof value === 'function' && Reflect.getMetadata(ToolMetadata.KEY, value);
      if (toolOptions) found.set(toolOptions.name, { toolOptions, run: instance[key].bind(instance) });
    }
  }
  return found;
}

async function pageAfter(query, pages) {
  const { run } = tools.get('search_users');
  let cursor;
  for (let page = 0; page < pages; page += 1) {
    ({ next_cursor: cursor } = await inTenant(tenant.id, () =>
      run({ query, limit: 20, cursor }, { caller }),
    ));
  }
  return { next_cursor: cursor };
}

async function beforeLast(customer) {
  const [last] = await queryOwn(
    'SELECT id FROM messages WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1',
    [customer],
  );
  return { user_id: customer, before: last.id };
}
