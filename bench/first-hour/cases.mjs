// Every tool of the sample group, with the arguments that people and agents give it; each call is about another customer.
import pg from 'pg';
import { SAMPLE_SEED } from '../../dist/src/crm/sample/sample-data.js';
import { SampleIds } from '../../dist/src/crm/sample/sample-random.js';

/** Tasks that are moved along, one to a connection: a task that two move at once is refused. */
const MOVED_TASKS = 32;
const PEOPLE = 500;
/** As people type them; nobody is called so in the last one. */
const FRAGMENTS = ['wang', '王', 'em', 'example.com', 'zq'];

/** @returns `[{ tool, label, argumentsOf }]`; `argumentsOf(n)` are those of the next call on connection n. */
export async function casesOf({ superuserUrl, tenantId, customers }) {
  const client = new pg.Client(superuserUrl);
  await client.connect();
  const read = (sql) => client.query(sql, [tenantId]).then(({ rows }) => rows);
  // Not all about the newest or the oldest: every n-th of all there are.
  const everyNth = `hashtext(id::text) % ${Math.max(1, Math.floor(customers / PEOPLE))} = 0`;
  const people = await read(`SELECT id, display_name AS name, username, email, phone FROM users
    WHERE tenant_id = $1 AND phone IS NOT NULL AND ${everyNth}`);
  const tasks = await read(
    `SELECT id FROM tasks WHERE tenant_id = $1 AND closed_at IS NOT NULL ORDER BY hashtext(id::text) LIMIT ${PEOPLE}`,
  );
  const moved = await read(
    `UPDATE tasks SET status = 'in_progress' WHERE tenant_id = $1 AND id IN
       (SELECT id FROM tasks WHERE closed_at IS NULL ORDER BY hashtext(id::text) LIMIT ${MOVED_TASKS}) RETURNING id`,
  );
  const [project] = await read('SELECT id FROM projects WHERE tenant_id = $1 ORDER BY code LIMIT 1');
  await client.end();

  const ids = new SampleIds(tenantId, SAMPLE_SEED);
  const turns = new Map();
  const nextOf = (list) => {
    const turn = turns.get(list) ?? 0;
    turns.set(list, turn + 1);
    return list[turn % list.length];
  };
  const person = () => nextOf(people);
  const user = () => ({ user_id: person().id });
  const numberOf = () => SampleIds.customerOf(person().id);
  const isBlocked = moved.map(() => false);
  const move = (connection) => {
    const task = connection % moved.length;
    isBlocked[task] = !isBlocked[task];
    return { task_id: moved[task].id, status: isBlocked[task] ? 'blocked' : 'in_progress' };
  };
  const search = (label, queryOf, more = {}) => ({
    tool: 'search_users',
    label,
    argumentsOf: () => ({ query: queryOf(), ...more }),
  });
  const one = (tool, argumentsOf, label = '') => ({ tool, label, argumentsOf });
  return [
    one('list_tasks', user),
    one('get_task', () => ({ task_id: nextOf(tasks).id })),
    one('create_task', () => ({ ...user(), title: 'Call back' })),
    one('update_task_status', move),
    one('get_user_profile', user, 'by id'),
    one('get_user_profile', () => ({ username: person().username }), 'by username'),
    one('get_customer_profile', user),
    one('analyze_customer', () => ({ ...user(), analysis_type: 'predictive' })),
    one('get_customer_preferences', user),
    one('update_customer_preferences', () => ({ ...user(), channel: 'sms' })),
    one('get_consultation_history', user),
    one('summarize_consultations', user),
    one('get_conversation_messages', user, 'of a customer'),
    one(
      'get_conversation_messages',
      () => ({ conversation_id: ids.of('conversation', numberOf()) }),
      'of one',
    ),
    one('get_conversation_messages', () => ({ message_id: ids.of('message', numberOf(), 1) }), 'around one'),
    one('get_project_info', () => ({}), 'all'),
    one('get_project_info', () => ({ query: 'laser' }), 'query'),
    one('get_project_info', () => ({ project_id: project.id }), 'by id'),
    search('whole name', () => person().name),
    search('given name in Latin', () => person().username.replace(/\d+$/, '').split('.')[1]),
    search('whole username', () => person().username),
    search('whole e-mail', () => person().email),
    search('end of a phone number', () => person().phone.slice(-4)),
    search('2 to 6 characters of a username', () => part(person().username)),
    search('common and unknown words', () => nextOf(FRAGMENTS)),
    search('a consultant', () => 'lin', { role: 'consultant' }),
  ];
}

function part(text) {
  const length = 2 + Math.floor(Math.random() * 5);
  const start = Math.floor(Math.random() * Math.max(1, text.length - length + 1));
  return text.slice(start, start + length);
}
