import { newId } from '../new-id.js';
import { messageOf } from '../errors.js';
import { tryLockSession, unlockSession } from './advisory-locks.js';
import { DatabaseClient } from './database-client.js';

const ANSWER_LIMIT_MS = 5000;
/** Behind a pooler: so many of its sessions are held up at most, to come upon the one that was ours. */
const HELD_MAX = 8;

/**
 * Tries whether what one connection sets, locks and listens to stays with it and is nobody else's. A pooler that deals sessions out per
 * transaction or statement gives one tenant's session to another.
 *
 * @returns What does not; undefined: every connection has a session of its own.
 */
export async function findSharedSession(url: string): Promise<string | undefined> {
  const opened: Probe[] = [];
  const open = async () => {
    const probe = await Probe.open(url);
    opened.push(probe);
    return probe;
  };
  try {
    const [one, other] = [await open(), await open()];
    return (
      (await findBySettings(one, other, open)) ??
      (await findByLock(one, other)) ??
      (await findByNews(one, other))
    );
  } catch (error) {
    if (opened.length < 2) throw error; // it cannot connect: said elsewhere
    return `two connections cannot work beside each other (${messageOf(error)})`;
  } finally {
    await Promise.all(opened.map((probe) => probe.close()));
  }
}

async function findBySettings(
  one: Probe,
  other: Probe,
  open: () => Promise<Probe>,
): Promise<string | undefined> {
  const mark = newId();
  await one.query(`SELECT set_config('toolcrib.probe', $1, false)`, [mark]);
  const holders = [other];
  for (;;) {
    const holder = holders[holders.length - 1];
    await holder.query('BEGIN');
    if ((await holder.setting()) === mark) return 'what is set on one connection (SET) is seen on another';
    if ((await one.setting()) !== mark) return 'what is set on a connection (SET) does not stay on it';
    // What a pooler sends as the session's number is its own.
    if (!one.isThroughPooler || holders.length === HELD_MAX) break;
    holders.push(await open());
  }
  for (const holder of holders) await holder.query('ROLLBACK');
  return undefined;
}

async function findByLock(one: Probe, other: Probe): Promise<string | undefined> {
  const of = newId();
  await tryLockSession(one, 'sessionProbe', of);
  if (await tryLockSession(other, 'sessionProbe', of)) return 'two connections hold one advisory lock';
  if (!(await unlockSession(one, 'sessionProbe', of)))
    return 'an advisory lock does not stay with its connection';
  return undefined;
}

async function findByNews(one: Probe, other: Probe): Promise<string | undefined> {
  const channel = `toolcrib_probe_${newId().replaceAll('-', '')}`;
  const heard = one.hears(channel);
  await one.query(`LISTEN ${channel}`);
  await other.query(`NOTIFY ${channel}`);
  return (await heard) ? undefined : 'a connection that listens (LISTEN) does not hear of others (NOTIFY)';
}

class Probe {
  private constructor(private readonly client: DatabaseClient) {}

  static async open(url: string): Promise<Probe> {
    const client = new DatabaseClient({
      connectionString: url,
      application_name: 'toolcrib-probe',
      connectionTimeoutMillis: ANSWER_LIMIT_MS,
      query_timeout: ANSWER_LIMIT_MS,
    });
    client.on('error', () => undefined); // the query fails with it
    await client.connect();
    return new Probe(client);
  }

  get isThroughPooler(): boolean {
    return (this.client as unknown as { processID: number }).processID !== this.client.backendPid;
  }

  async query(sql: string, parameters: unknown[] = []): Promise<unknown[]> {
    return (await this.client.query<object>(sql, parameters)).rows;
  }

  async setting(): Promise<string | null> {
    const [row] = await this.query(`SELECT current_setting('toolcrib.probe', true) AS mark`);
    return (row as { mark: string | null }).mark;
  }

  hears(channel: string): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ANSWER_LIMIT_MS);
      this.client.on('notification', (news) => {
        if (news.channel !== channel) return;
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }
}
