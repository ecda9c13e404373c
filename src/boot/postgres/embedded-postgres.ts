import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { DatabaseError } from 'pg';
import { DatabaseClient } from '../../platform/database/database-client.js';
import type { DatabaseUrls } from '../../platform/database/database-urls.js';
import { type DataDir } from '../data-dir.js';
import { excerptOf } from '../../platform/cut-text.js';
import { StartError, messageOf } from '../../platform/errors.js';
import { canReach, EmbeddedBinaries, ROOT_STATE_DIR, type SystemUser } from './embedded-binaries.js';
import { createDatabase, SUPERUSER, urlOf, urlsOf } from './embedded-roles.js';
import { isServerAlive, readPostmasterFile, removeStalePostmasterFile } from './postmaster-file.js';

const PASSWORD_FILE = 'postgres.password';
const LOCATION_FILE = 'postgres.location';
const PASSWORD_BYTES = 32;

const LAUNCHES_MAX = 4;
const RETRY_DELAY_MS = 250;
/** Crash recovery of a large database takes its time. */
const READY_LIMIT_MS = 120_000;
/** Then it is said what the start is waiting for. */
const SAY_AFTER_MS = 3000;
const PG_CTL_LIMIT_SECONDS = 60;
const CONNECT_LIMIT_MS = 2000;
const LOG_TAIL_CHARACTERS = 600;

const INITDB_OPTIONS = [
  `--username=${SUPERUSER}`,
  '--auth=scram-sha-256',
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--no-instructions',
  '--set=listen_addresses=127.0.0.1',
  '--set=unix_socket_directories=',
  // Failed statements are the service's to report; the server's log keeps starts, crashes and refused sign-ins.
  '--set=log_min_messages=log',
  '--set=log_min_error_statement=panic',
  '--set=log_checkpoints=off',
  '--set=jit=off', // as the service's roles have it; a restored or migrating owner, too
];

/** A log of years has thousands of partitions and indexes, and a statement over it locks each of them: 30 MB at most. */
const SETTINGS = ['max_locks_per_transaction=1024'];

const INVALID_PASSWORD = '28P01';
/** The server is starting or stopping, or has no connection left: it may answer in a moment. */
const PASSING = ['57P01', '57P02', '57P03', '53300'];

export type EmbeddedPostgresOptions = {
  /** `name=value` settings for this run, e.g. `fsync=off` in tests. */
  readonly settings?: readonly string[];
  /** Told when the server went away and could not be started again. The service cannot go on without it. */
  readonly onLost?: (error: Error) => void;
};

/**
 * A PostgreSQL server of our own under the data directory, on a free loopback port, for the generated password only.
 *
 * It is no child of ours: a signal to our process group does not reach it, so that we can flush before we stop it.
 * Hence it survives when we are killed; the next start adopts it. When it dies, it is started again on the same port.
 */
export class EmbeddedPostgres {
  private readonly logger = new Logger(EmbeddedPostgres.name);
  private connection: DatabaseClient | undefined;
  private port: number | undefined;
  private recovery: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;

  private constructor(
    private readonly binaries: EmbeddedBinaries,
    private readonly clusterDir: string,
    private readonly password: string,
    private readonly options: EmbeddedPostgresOptions,
  ) {}

  /**
   * Starts the server, or adopts the one a killed process left running, and makes our database in it.
   *
   * @param dataDir Owned by this process.
   * @throws {StartError} It does not start; the message ends with the server's own words.
   */
  static async start(dataDir: DataDir, options: EmbeddedPostgresOptions = {}): Promise<EmbeddedPostgres> {
    const binaries = await EmbeddedBinaries.find(recordedLocation(dataDir));
    const clusterDir = locateCluster(dataDir, binaries.user);
    const server = new EmbeddedPostgres(binaries, clusterDir, readPassword(dataDir), options);
    if (!fs.existsSync(path.join(clusterDir, 'PG_VERSION'))) await server.initialise();
    try {
      await server.bringUp();
      await createDatabase(server.connection!, server.password);
    } catch (error) {
      await server.stop().catch(() => undefined); // a start that failed leaves nothing running
      throw error;
    }
    return server;
  }

  /** Whether this data directory has a database already. */
  static existsIn(dataDir: DataDir): boolean {
    return fs.existsSync(recordedLocation(dataDir));
  }

  /** Where another process's server on this data directory listens; undefined when none runs. */
  static findRunning(dataDir: DataDir): DatabaseUrls | undefined {
    const file = readPostmasterFile(recordedLocation(dataDir));
    return file && isServerAlive(file) ? urlsOf(file.port, readPassword(dataDir)) : undefined;
  }

  get urls(): DatabaseUrls {
    return urlsOf(this.port!, this.password);
  }

  /** Lets running transactions roll back, writes everything to disk and ends the server. */
  stop(): Promise<void> {
    this.stopping ??= this.shutDown();
    return this.stopping;
  }

  private async shutDown(): Promise<void> {
    await this.recovery?.catch(() => undefined);
    await this.connection?.end().catch(() => undefined);
    const file = readPostmasterFile(this.clusterDir);
    if (!file || !isServerAlive(file)) return;
    await this.pgCtl('stop', '--mode=fast');
  }

  /** In a directory aside that becomes the cluster by its renaming: a crash leaves nothing half-made behind. */
  private async initialise(): Promise<void> {
    this.binaries.requireAccount();
    // Of its own for each attempt: the initdb of a killed start may still be writing into its directory.
    const unfinished = fs.mkdtempSync(`${this.clusterDir}.new-`);
    const passwordFile = `${unfinished}.password`;
    fs.writeFileSync(passwordFile, this.password, { mode: 0o600 });
    const { user } = this.binaries;
    if (user) for (const made of [unfinished, passwordFile]) fs.chownSync(made, user.uid, user.gid);
    try {
      await this.binaries.run('initdb', [
        ...INITDB_OPTIONS,
        `--pgdata=${unfinished}`,
        `--pwfile=${passwordFile}`,
      ]);
      fs.renameSync(unfinished, this.clusterDir);
      this.removeLeftovers();
    } catch (cause) {
      throw new StartError(
        `The embedded PostgreSQL could not be set up in ${this.clusterDir}: ${messageOf(cause)}`,
        {
          cause,
        },
      );
    } finally {
      for (const rest of [unfinished, passwordFile]) fs.rmSync(rest, { recursive: true, force: true });
    }
  }

  /** What starts that were killed on the way have left; by now nobody writes there any more. */
  private removeLeftovers(): void {
    const parent = path.dirname(this.clusterDir);
    const begun = `${path.basename(this.clusterDir)}.new-`;
    for (const name of fs.readdirSync(parent).filter((entry) => entry.startsWith(begun))) {
      fs.rmSync(path.join(parent, name), { recursive: true, force: true, maxRetries: 3 });
    }
  }

  private async bringUp(): Promise<void> {
    const deadline = performance.now() + READY_LIMIT_MS;
    const sayAt = performance.now() + SAY_AFTER_MS;
    let isSaid = false;
    let launches = 0;
    let failure: unknown;
    while (launches < LAUNCHES_MAX && performance.now() < deadline) {
      const file = readPostmasterFile(this.clusterDir);
      try {
        if (file && isServerAlive(file)) {
          await this.connectTo(file.port);
          return;
        }
        if (file) removeStalePostmasterFile(file);
        launches++;
        await this.launch();
      } catch (error) {
        if ((error as { code?: unknown }).code === INVALID_PASSWORD)
          throw wrongPassword(this.clusterDir, error);
        if (error instanceof StartError || isRefusal(error)) throw cannotBeUsed(error);
        failure = error;
        if (!isSaid && performance.now() > sayAt) {
          isSaid = true;
          this.logger.warn({ message: 'The embedded PostgreSQL is not ready yet', reason: messageOf(error) });
        }
        await delay(RETRY_DELAY_MS);
      }
    }
    throw new StartError(`The embedded PostgreSQL does not start: ${messageOf(failure)}${this.tailOfLog()}`, {
      cause: failure,
    });
  }

  private async launch(): Promise<void> {
    const port = this.port ?? (await findFreePort());
    const serverOptions = [
      `-p ${port}`,
      ...[...SETTINGS, ...(this.options.settings ?? [])].map((setting) => `-c ${setting}`),
    ].join(' ');
    const log = path.join(this.clusterDir, 'server.log');
    if (fs.existsSync(log)) fs.renameSync(log, `${log}.1`);
    await this.pgCtl('start', `--log=${log}`, `--options=${serverOptions}`);
    await this.connectTo(port);
  }

  /** This connection stays open: its end tells that the server went away. */
  private async connectTo(port: number): Promise<void> {
    const connection = new DatabaseClient({
      connectionString: urlOf(port, this.password, 'postgres', SUPERUSER),
      connectionTimeoutMillis: CONNECT_LIMIT_MS,
      application_name: 'toolcrib-embedded',
    });
    connection.on('error', () => undefined); // 'end' follows
    await connection.connect();
    connection.once('end', () => this.recover());
    this.connection = connection;
    this.port = port;
  }

  private recover(): void {
    if (this.stopping) return;
    this.logger.warn('The embedded PostgreSQL went away; starting it again');
    this.recovery = this.bringUp().then(
      () => this.logger.log('The embedded PostgreSQL is back'),
      (error: Error) => this.options.onLost?.(error),
    );
  }

  private async pgCtl(action: 'start' | 'stop', ...options: string[]): Promise<void> {
    const wait = ['--wait', `--timeout=${PG_CTL_LIMIT_SECONDS}`, '--silent'];
    await this.binaries.run('pg_ctl', [action, `--pgdata=${this.clusterDir}`, ...wait, ...options]);
  }

  private tailOfLog(): string {
    const log = path.join(this.clusterDir, 'server.log');
    if (!fs.existsSync(log)) return '';
    const text = fs.readFileSync(log, 'utf8');
    const end = excerptOf(text, Math.max(0, text.length - LOG_TAIL_CHARACTERS), text.length);
    return `\nThe end of ${log}:\n${end.trim()}`;
  }
}

function readPassword(dataDir: DataDir): string {
  return dataDir.secret(PASSWORD_FILE, PASSWORD_BYTES).toString('base64url');
}

/** Under the data directory, unless the user the server runs as cannot get there; then the choice is written down. */
function locateCluster(dataDir: DataDir, user: SystemUser | undefined): string {
  const recorded = recordedLocation(dataDir);
  if (!user || canReach(path.dirname(recorded), user)) return recorded;
  const elsewhere = path.join(ROOT_STATE_DIR, `postgres-data-${randomUUID()}`);
  fs.mkdirSync(ROOT_STATE_DIR, { recursive: true });
  fs.chmodSync(ROOT_STATE_DIR, 0o755);
  fs.writeFileSync(dataDir.file(LOCATION_FILE), `${elsewhere}\n`);
  new Logger(EmbeddedPostgres.name).warn(
    `The database is kept in ${elsewhere}: as root, PostgreSQL runs as the user ${user.name}, who may not enter ` +
      `${dataDir.path}. Back up both`,
  );
  return elsewhere;
}

function recordedLocation(dataDir: DataDir): string {
  const file = dataDir.file(LOCATION_FILE);
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim() : dataDir.file('postgres');
}

/** The server answered, and will say the same next time. */
function isRefusal(error: unknown): boolean {
  return error instanceof DatabaseError && !PASSING.includes(error.code ?? '');
}

function cannotBeUsed(cause: unknown): StartError {
  return new StartError(`The embedded PostgreSQL runs and cannot be used: ${messageOf(cause)}`, { cause });
}

function wrongPassword(clusterDir: string, cause: unknown): StartError {
  return new StartError(
    `The database in ${clusterDir} was made with another ${PASSWORD_FILE}. Put that file back`,
    {
      cause,
    },
  );
}

async function findFreePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => probe.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
