// How long the numbers of the registration automation take to read, and by which plans.
//
//   npm run build && node bench/automation-numbers.mjs [--runs 1000000] [--over 400] [--days 1,7,30,92] [--rounds 5] [--plans]
//
// Fills an embedded PostgreSQL with that many registrations of one tenant, spread evenly over so many days: each with its event, user,
// conversation, two or three messages, run, five steps, one or two requests to an agent, claim, and for every fourth a delivery. Then it reads
// the metrics as the route does, as the service's role under row-level security.
import 'reflect-metadata';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { v7 as newId } from 'uuid';
import { AutomationMetricsService } from '../dist/src/automation/numbers/automation-metrics.service.js';
import { inTenant } from '../dist/src/platform/request-scope.js';
import { loadConfig } from '../dist/src/platform/config.js';
import { dataSourceOptions } from '../dist/src/boot/database/database.js';
import { openDatabase } from './harness/database.mjs';

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000000' },
    over: { type: 'string', default: '400' },
    days: { type: 'string', default: '1,7,30,92' },
    rounds: { type: 'string', default: '5' },
    plans: { type: 'boolean', default: false },
  },
});
const tenantId = newId();
const database = await openDatabase();
const client = new pg.Client(database.superuserUrl);
try {
  await client.connect();
  await fill();
  await measure();
} finally {
  await client.end();
  await database.close();
}

async function fill() {
  // Past rows break no rule, and checking each would take longer than making them. The indexes for searching people are not read here.
  await client.query(`SET session_replication_role = replica`);
  for (const index of ['search_trgm', 'name_pairs', 'name_prefix', 'roles'])
    await client.query(`DROP INDEX ix_users_${index}`);
  await client.query(`INSERT INTO tenants (id, name) VALUES ($1, 'bench')`, [tenantId]);
  const secondsApart = (Number(options.over) * 86_400) / Number(options.runs);
  await client.query(`CREATE UNLOGGED TABLE made AS
    SELECT n, at, uuidv7(at - clock_timestamp()) AS run, uuidv7(at - clock_timestamp()) AS account, uuidv7(at - clock_timestamp()) AS talk
    FROM (SELECT n, now() - n * make_interval(secs => ${secondsApart}) AS at
      FROM generate_series(1, ${Number(options.runs)}) AS n) AS times ORDER BY at`);
  const [agent, a, b] = [newId(), newId(), newId()];
  await client.query(`INSERT INTO agents (id, tenant_id, name) VALUES ($1, $2, 'Welcome')`, [
    agent,
    tenantId,
  ]);
  for (const [id, label] of [
    [a, 'a'],
    [b, 'b'],
  ])
    await client.query(
      `INSERT INTO agent_versions (id, tenant_id, agent_id, label, base_url, ciphertext, key_prefix)
       VALUES ($1, $2, $3, $4, 'https://dify.example.com/v1', '\\x00', 'app-1234')`,
      [id, tenantId, agent, label],
    );
  const t = `'${tenantId}'::uuid`;
  const version = `CASE WHEN n % 2 = 0 THEN '${a}'::uuid ELSE '${b}'::uuid END`;
  const statements = [
    `INSERT INTO users (id, tenant_id, username, email, display_name, roles, created_at)
       SELECT account, ${t}, 'user-' || n, n || '@example.test', 'User', '{customer}', at FROM made`,
    `INSERT INTO domain_events (id, tenant_id, kind, payload, created_at, picked_up_at)
       SELECT uuidv7(at - clock_timestamp()), ${t}, 'user.registered', jsonb_build_object('user_id', account), at, at FROM made`,
    `INSERT INTO conversations (id, tenant_id, user_id, channel, title, created_at, is_default)
       SELECT talk, ${t}, account, 'app', 'Welcome', at, true FROM made`,
    `INSERT INTO messages (id, tenant_id, conversation_id, user_id, sender_kind, content, created_at)
       SELECT uuidv7(at - clock_timestamp()), ${t}, talk, account, kind, repeat('Hello! ', 20), at + after
       FROM made CROSS JOIN LATERAL (VALUES ('ai', interval '2 s', true), ('consultant', interval '9 min', true),
         ('customer', interval '1 day', n % 5 > 0)) AS said(kind, after, isSaid) WHERE isSaid`,
    `INSERT INTO automation_runs (id, tenant_id, user_id, source, state, skip_reason, job_id, conversation_id, welcomed_by, fallback_reason,
         agent_id, agent_version_id, error_kind, created_at, started_at, finished_at, duration_ms)
       SELECT run, ${t}, account, 'registration', CASE WHEN n % 20 = 0 THEN 'skipped' WHEN n % 199 = 0 THEN 'failed' ELSE 'done' END,
         CASE WHEN n % 20 = 0 THEN 'not_in_rollout' END, run, talk, CASE WHEN n % 20 = 0 THEN NULL WHEN n % 15 = 0 THEN 'template' ELSE 'agent' END,
         CASE WHEN n % 15 = 0 AND n % 20 > 0 THEN 'timeout' END, '${agent}', ${version}, CASE WHEN n % 199 = 0 AND n % 20 > 0 THEN 'database' END,
         at, at + interval '20 ms', at + interval '2 s', 1000 + n % 3000 FROM made`,
    `INSERT INTO automation_steps (id, tenant_id, run_id, name, state, attempts, started_at, ended_at, duration_ms)
       SELECT uuidv7(at - clock_timestamp()), ${t}, run, name, 'done', 1, at + interval '1 s', at + interval '2 s', n % 900
       FROM made CROSS JOIN unnest('{conversation,welcome,message,consultants,metrics}'::text[]) AS name WHERE n % 20 > 0`,
    `INSERT INTO agent_calls (id, tenant_id, run_id, agent_id, agent_version_id, outcome, duration_ms, first_text_ms, created_at)
       SELECT uuidv7(at - clock_timestamp()), ${t}, run, '${agent}', ${version}, outcome, 500 + n % 3000, 200 + n % 500, at + interval '2 s'
       FROM made CROSS JOIN LATERAL (VALUES ('server_error', n % 10 = 0), ('ok', n % 15 > 0)) AS calls(outcome, isMade)
       WHERE isMade AND n % 20 > 0`,
    `INSERT INTO customer_claims (id, tenant_id, user_id, conversation_id, run_id, state, notified, announced_at, claimed_at, first_announced_at, first_claimed_at, claimed_by)
       SELECT uuidv7(at - clock_timestamp()), ${t}, account, talk, run, 'claimed', 3, at, at + make_interval(secs => n % 900), at,
         at + make_interval(secs => n % 900), account
       FROM made WHERE n % 20 > 0`,
    `INSERT INTO notification_deliveries (id, tenant_id, notice_id, notice_key, kind, channel_kind, target, state, created_at, sent_at)
       SELECT uuidv7(at - clock_timestamp()), ${t}, run, run, 'new_customer', 'email', run, CASE WHEN n % 404 = 0 THEN 'failed' ELSE 'sent' END,
         at, at + interval '800 ms' FROM made WHERE n % 4 = 0`,
    `ANALYZE`,
  ];
  for (const statement of statements) {
    const startedMs = performance.now();
    await client.query(statement);
    console.error(`${statement.slice(0, 40)}… ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
  }
}

async function measure() {
  let recorded;
  const logger = Object.fromEntries(
    ['logQueryError', 'logQuerySlow', 'logSchemaBuild', 'logMigration', 'log'].map((name) => [
      name,
      () => undefined,
    ]),
  );
  logger.logQuery = (sql, parameters) => recorded?.push({ sql, parameters });
  const config = loadConfig(database.env);
  const data = await new DataSource({
    ...dataSourceOptions(config),
    logging: ['query'],
    logger,
  }).initialize();
  try {
    const service = new AutomationMetricsService(data, { read: async () => [] });
    const read = (days) =>
      inTenant(tenantId, () => service.readDashboard({ tenantId }, { days, time_zone: 'Europe/Berlin' }));
    console.log('| days | runs in them | median ms | slowest ms | slowest queries, ms |');
    console.log('| ---: | ---: | ---: | ---: | --- |');
    for (const days of options.days.split(',').map(Number)) {
      const times = [];
      let numbers = await read(days);
      for (let round = 0; round < Number(options.rounds); round += 1) {
        const startedMs = performance.now();
        numbers = await read(days);
        times.push(performance.now() - startedMs);
      }
      times.sort((one, other) => one - other);
      recorded = [];
      await read(days);
      const queries = recorded.filter(({ sql }) => /^(SELECT|WITH)/.test(sql));
      recorded = undefined;
      const plans = [];
      for (const query of queries) plans.push(await explain(data, query));
      plans.sort((one, other) => other.ms - one.ms);
      const slowest = plans.slice(0, 4).map(({ ms, scans }) => `${ms.toFixed(0)} (${scans.join(', ')})`);
      const [median, worst] = [times[Math.floor(times.length / 2)], times.at(-1)];
      console.log(
        `| ${days} | ${numbers.runs.runs} | ${median.toFixed(0)} | ${worst.toFixed(0)} | ${slowest.join('; ')} |`,
      );
      const whole = plans.flatMap(({ scans }) => scans).filter((scan) => scan.startsWith('all of'));
      console.error(`${days} days: whole tables read: ${[...new Set(whole)].join(', ') || 'none'}`);
      if (options.plans) for (const { text } of plans) console.log(text);
    }
  } finally {
    await data.destroy();
  }
}

async function explain(data, { sql, parameters }) {
  const rows = await inTenant(tenantId, () =>
    data.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${sql}`, parameters),
  );
  const [plan] = rows[0]['QUERY PLAN'];
  return {
    ms: plan['Planning Time'] + plan['Execution Time'],
    scans: [...new Set(scansOf(plan.Plan))],
    text: JSON.stringify(plan),
  };
}

function scansOf(node) {
  const below = (node.Plans ?? []).flatMap(scansOf);
  const place = node['Index Name'] ?? node['Relation Name'];
  if (!place || node['Node Type'] === 'Bitmap Heap Scan') return below;
  return [...below, node['Node Type'] === 'Seq Scan' ? `all of ${place}` : place];
}
