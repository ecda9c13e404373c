import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { EmbeddedBinaries } from '../../../src/boot/postgres/embedded-binaries.js';
import {
  isServerAlive,
  readPostmasterFile,
  removeStalePostmasterFile,
} from '../../../src/boot/postgres/postmaster-file.js';
import { findFreePort } from '../../support/server.js';
import { HANG_MS } from '../../support/waiting.js';

const PASSWORD = 'chaos';
const RETRY_MS = 100;
/** So that they can be filled in no time; the service needs some 20. */
export const CONNECTIONS_MAX = 60;

/** A PostgreSQL server that nobody else uses and nobody looks after, durable as PostgreSQL is by default. */
export class OwnPostgres {
  private constructor(
    private readonly binaries: EmbeddedBinaries,
    private readonly directory: string,
    private readonly port: number,
  ) {}

  /** @param parent A directory that an unprivileged user may pass through. */
  static async create(parent: string): Promise<OwnPostgres> {
    const directory = join(parent, 'cluster');
    const binaries = await EmbeddedBinaries.find(directory);
    const passwordFile = join(parent, 'password');
    mkdirSync(directory, { mode: 0o700 });
    writeFileSync(passwordFile, PASSWORD);
    const { user } = binaries;
    if (user) for (const path of [directory, passwordFile]) chownSync(path, user.uid, user.gid);
    await binaries.run('initdb', [
      `--pgdata=${directory}`,
      `--pwfile=${passwordFile}`,
      '--username=postgres',
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--set=listen_addresses=127.0.0.1',
      '--set=unix_socket_directories=',
      '--set=log_checkpoints=off',
      `--set=max_connections=${CONNECTIONS_MAX}`,
    ]);
    const server = new OwnPostgres(binaries, directory, await findFreePort());
    await server.start();
    await server.query(`CREATE ROLE toolcrib LOGIN CREATEROLE PASSWORD '${PASSWORD}'`, 'postgres');
    await server.query('CREATE DATABASE toolcrib OWNER toolcrib', 'postgres');
    return server;
  }

  /** As the role that owns the schema. */
  get url(): string {
    return `postgres://toolcrib:${PASSWORD}@127.0.0.1:${this.port}/toolcrib`;
  }

  /** From its next start on: one that has heard nothing from its primary yet. */
  becomeStandby(): void {
    writeFileSync(join(this.directory, 'standby.signal'), '');
  }

  /** From its next start on. */
  speakTls({ cert, key }: { readonly cert: string; readonly key: string }): void {
    const { user } = this.binaries;
    for (const [name, text] of Object.entries({ 'server.crt': cert, 'server.key': key })) {
      const path = join(this.directory, name);
      writeFileSync(path, text, { mode: 0o600 });
      if (user) chownSync(path, user.uid, user.gid);
    }
    appendFileSync(join(this.directory, 'postgresql.conf'), '\nssl = on\n');
  }

  /** Goes on trying: what a killed server left behind has to end first. */
  async start(): Promise<void> {
    const deadline = Date.now() + HANG_MS;
    for (;;) {
      const left = readPostmasterFile(this.directory);
      if (left && isServerAlive(left)) return;
      try {
        if (left) removeStalePostmasterFile(left);
        const options = ['--wait', '--silent', `--log=${join(this.directory, 'server.log')}`];
        return await this.binaries.run('pg_ctl', [
          'start',
          `--pgdata=${this.directory}`,
          ...options,
          `--options=-p ${this.port}`,
        ]);
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await delay(RETRY_MS);
      }
    }
  }

  async isAnswering(): Promise<boolean> {
    return this.query('SELECT 1').then(
      () => true,
      () => false,
    );
  }

  /** As an administrator, on a connection of its own. */
  async query<Row>(sql: string, database = 'toolcrib'): Promise<Row[]> {
    const client = this.client('postgres', database);
    await client.connect();
    try {
      return (await client.query(sql)).rows as Row[];
    } finally {
      await client.end();
    }
  }

  client(user: string, database = 'toolcrib'): Client {
    const client = new Client({
      host: '127.0.0.1',
      port: this.port,
      user,
      password: PASSWORD,
      database,
      connectionTimeoutMillis: 5000,
    });
    client.on('error', () => undefined);
    return client;
  }

  /** To the server and all its processes. */
  signal(signal: NodeJS.Signals): void {
    const postmaster = readPostmasterFile(this.directory)?.pid;
    if (postmaster === undefined) return;
    for (const pid of [postmaster, ...childrenOf(postmaster)]) kill(pid, signal);
  }

  /** In order: a standby that is begun from it has all that it needs. */
  async stop(): Promise<void> {
    await this.binaries.run('pg_ctl', [
      'stop',
      `--pgdata=${this.directory}`,
      '--mode=fast',
      '--wait',
      '--silent',
    ]);
  }

  kill9(): void {
    this.signal('SIGKILL');
  }

  /** Ends the server, whatever state it is in. */
  destroy(): void {
    this.signal('SIGCONT');
    this.signal('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}

/** A small file system of its own; undefined where one cannot be had, with the reason. */
export function mountSmallDisk(directory: string, mebibytes: number): { readonly problem?: string } {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=755`, 'tmpfs', directory], {
      stdio: 'pipe',
    });
    return {};
  } catch (error) {
    const { stderr } = error as { stderr?: Buffer };
    return { problem: `no small file system can be mounted here (${String(stderr ?? error).trim()})` };
  }
}

export function unmount(directory: string): void {
  execFileSync('umount', ['--lazy', directory]);
}

/** Where there is no /proc the server stands alone: its children end with it, but do not stand still with it. */
function childrenOf(parent: number): number[] {
  if (!existsSync('/proc')) return [];
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && parentOf(pid) === parent);
}

/** proc(5): the fourth field of `stat`; the second, in brackets, may hold anything. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
