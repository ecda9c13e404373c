// Call records as a busy installation has them, made by the database itself: many days, a few tenants, tools and callers of
// very different frequency, Chinese and Latin text, a few rare words and rare failures to look for.

/** Share of the calls, of 100. */
export const TENANTS = [
  { name: 'large', share: 70 },
  { name: 'middle', share: 20 },
  { name: 'small', share: 9 },
  { name: 'tiny', share: 1 },
];

export const uuidOf = (kind, n) => `00000000-0000-7000-8${kind}00-${String(n).padStart(12, '0')}`;
export const tenantId = (n) => uuidOf('1', n);

/** What is common, rare or nowhere in the rows, for filters to ask for. */
export const SOUGHT = {
  rareWord: 'zebrafish', // 1 row of 500,000
  rareChinese: '孔雀石', // 1 row of 500,000
  commonWord: 'appointment', // 1 row of 2
  commonChinese: '玻尿酸', // 1 row of 5
};

const FUNCTIONS = `
  CREATE OR REPLACE FUNCTION pg_temp.uuid_of(kind text, n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('00000000-0000-7000-8' || kind || '00-' || lpad(n::text, 12, '0'))::uuid $$`;

/** One day of calls, in the order of time. @param {{day: string, rows: number}} what */
export async function generateDay(client, { day, rows }) {
  await client.query(FUNCTIONS);
  await client.query(
    `
    INSERT INTO mcp_call_logs (id, created_at, tenant_id, group_id, tool_name, tool_id, caller_app_id, key_id, user_id, era,
      transport, is_test, request_data, response_data, success, error_kind, error_message, duration_ms)
    SELECT uuidv7(at - clock_timestamp()), at, pg_temp.uuid_of('1', tenant),
      pg_temp.uuid_of('2', tenant * 100 + tool_group), 'tool_' || tool, pg_temp.uuid_of('3', tool),
      CASE WHEN caller < 12 THEN 'app-' || caller END, pg_temp.uuid_of('4', tenant * 1000 + tool_group * 10 + key),
      CASE WHEN dice < 0.00005 THEN pg_temp.uuid_of('5', key) END, '2025-06-18', 'streamable_http', dice < 0.00005,
      json_build_object('query', 'customer ' || n || ' ' || (ARRAY['张伟','王芳','李娜','刘洋','陈静','杨柳','赵敏','黄磊','周杰','吴琼'])[1 + n % 10],
        'user_id', uuidv7(), 'limit', 20, 'note', CASE WHEN n % 500000 = 77 THEN '${SOUGHT.rareWord}' ELSE 'case ' || (n::bigint * 7919 % 100000) END),
      json_build_object('content', json_build_array(json_build_object('type', 'text', 'text',
        'Found ' || (n % 20) || ' records. ' || CASE WHEN n % 2 = 0 THEN '${SOUGHT.commonWord} confirmed for next week. ' ELSE 'No booking yet. ' END ||
        CASE WHEN n % 5 = 0 THEN '客户咨询${SOUGHT.commonChinese}填充项目，预算八千元。' ELSE '客户询问光子嫩肤恢复期与注意事项。' END ||
        CASE WHEN n % 500000 = 99 THEN '附件编号${SOUGHT.rareChinese}。' ELSE '' END || repeat('上次回访记录正常, no complaints. ', 8) || md5(n::text))),
        'structuredContent', json_build_object('id', uuidv7(), 'score', n % 100, 'phone', '138' || lpad((n::bigint * 104729 % 100000000)::text, 8, '0'))),
      kind IS NULL, kind, CASE WHEN kind IS NOT NULL THEN 'The tool failed: ' || kind END,
      exp(2.5 + 1.1 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))
    FROM (SELECT n, $1::date::timestamp AT TIME ZONE 'UTC' + n * interval '1 day' / $2::int AS at, dice,
        CASE WHEN share < 0.7 THEN 0 WHEN share < 0.9 THEN 1 WHEN share < 0.99 THEN 2 ELSE 3 END AS tenant,
        floor(10 * power(group_dice, 2))::int AS tool_group, floor(40 * power(tool_dice, 3))::int AS tool,
        floor(15 * power(caller_dice, 2))::int AS caller, floor(4 * power(key_dice, 2))::int AS key,
        CASE WHEN fault < 0.02 THEN 'tool_error' WHEN fault < 0.03 THEN 'invalid_arguments' WHEN fault < 0.035 THEN 'refused'
          WHEN fault < 0.036 THEN 'timeout' WHEN fault < 0.03601 THEN 'internal' END AS kind
      FROM (SELECT n, random() AS dice, random() AS share, random() AS group_dice, random() AS tool_dice,
        random() AS caller_dice, random() AS key_dice, random() AS fault FROM generate_series(1, $2::int) AS n) thrown) made`,
    [day, rows],
  );
}
