import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { StartError, messageOf } from '../platform/errors.js';

const OWNER_FILE = 'toolcrib.pid';
const ATTEMPTS = 5;

/** Another process owns the data directory. */
export class DataDirInUseError extends StartError {
  constructor(
    directory: string,
    readonly ownerPid: number,
  ) {
    super(
      `Another Toolcrib (process ${ownerPid}) is using the data directory ${directory}. Stop it first, or give this one ` +
        'its own DATA_DIR and PORT. To run several at once, let them share a PostgreSQL through DATABASE_URL',
    );
  }
}

/** Who owns the directory. `birth` tells the process from a later one that got the same pid. */
type Owner = { readonly pid: number; readonly birth: string };

/**
 * The directory that an installation without `DATABASE_URL` lives in: the database cluster, the master key, the
 * database password. One process owns it at a time, by a file that names that process; a file left behind by a killed
 * process is recognised by the process being gone. Not made for a directory shared between machines or containers.
 */
export class DataDir {
  private owned = false;

  private constructor(readonly path: string) {}

  /** Makes the directory if need be. @throws {StartError} It cannot be made or written to. */
  static open(directory: string): DataDir {
    if (process.platform !== 'win32' && /["$`\\\n]/.test(directory)) {
      throw new StartError(
        `DATA_DIR must not hold any of " $ \` \\, which PostgreSQL's tools pass to a shell: ${directory}`,
      );
    }
    const probe = join(directory, `.write-test-${process.pid}`);
    try {
      if (!fs.existsSync(directory)) {
        makeDirectory(directory);
        // Root's PostgreSQL runs as another user, who has to pass through; nobody may list it.
        fs.chmodSync(directory, process.getuid?.() === 0 ? 0o711 : 0o700);
      }
      fs.writeFileSync(probe, '');
      fs.rmSync(probe);
    } catch (cause) {
      const reason = (cause as NodeJS.ErrnoException).code ?? messageOf(cause);
      throw new StartError(
        `The data directory ${directory} cannot be written to (${reason}). Set DATA_DIR to a directory this user may ` +
          'write to, or set DATABASE_URL',
        { cause },
      );
    }
    return new DataDir(fs.realpathSync(directory));
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Makes this process the owner until {@link release}. @throws {DataDirInUseError} Another live process is. */
  own(): void {
    const ownerFile = this.file(OWNER_FILE);
    const self = JSON.stringify({ pid: process.pid, birth: birthOf(process.pid) } satisfies Owner);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (linkNew(ownerFile, self)) {
        this.owned = true;
        return;
      }
      const found = readText(ownerFile);
      if (found === undefined) continue;
      const owner = parseOwner(found);
      if (owner && isAlive(owner)) throw new DataDirInUseError(this.path, owner.pid);
      discard(ownerFile, found);
    }
    throw new StartError(`${ownerFile} keeps changing hands; start only one Toolcrib on ${this.path}`);
  }

  release(): void {
    if (this.owned) fs.rmSync(this.file(OWNER_FILE), { force: true });
    this.owned = false;
  }

  /** Reads a secret of this installation, or makes it: a file with mode 0600, complete or not there at all. */
  secret(name: string, bytes: number): Buffer {
    const file = this.file(name);
    linkNew(file, `${randomBytes(bytes).toString('base64')}\n`);
    const { mode } = fs.statSync(file);
    if (process.platform !== 'win32' && mode & 0o077) {
      throw new StartError(
        `${file} may be read by others (mode ${(mode & 0o777).toString(8)}): chmod 600 ${file}`,
      );
    }
    const secret = Buffer.from(fs.readFileSync(file, 'utf8'), 'base64');
    if (secret.length !== bytes) {
      throw new StartError(
        `${file} is damaged: it should hold ${bytes} bytes in base64. Put the backup back`,
      );
    }
    return secret;
  }
}

/** With its parents. Node's own `recursive` never returns where a parent lets nothing be made in it, such as /proc. */
function makeDirectory(directory: string): void {
  if (!fs.existsSync(dirname(directory))) makeDirectory(dirname(directory));
  fs.mkdirSync(directory);
}

/** Creates `file` with its whole content in one step and mode 0600. @returns false when it exists already. */
function linkNew(file: string, content: string): boolean {
  if (fs.existsSync(file)) return false;
  const unfinished = `${file}.${process.pid}.new`;
  fs.writeFileSync(unfinished, content, { mode: 0o600, flush: true });
  try {
    fs.linkSync(unfinished, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    fs.rmSync(unfinished, { force: true });
  }
}

/** Removes a dead owner's file, unless another process was quicker and the file is already its own. */
function discard(file: string, expected: string): void {
  const aside = `${file}.${process.pid}.old`;
  try {
    fs.renameSync(file, aside);
  } catch {
    return; // another process has removed it
  }
  if (readText(aside) !== expected) fs.linkSync(aside, file);
  fs.rmSync(aside, { force: true });
}

function readText(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function parseOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<Owner>;
    return typeof owner.pid === 'number' ? { pid: owner.pid, birth: String(owner.birth) } : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return birthOf(owner.pid) === owner.birth;
}

/**
 * Boot id and start time in clock ticks (proc(5), field 22 of stat). Empty where there is no /proc: there only the pid
 * counts.
 */
function birthOf(pid: number): string {
  const stat = readText(`/proc/${pid}/stat`);
  const [state, ...fields] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  if (state === 'Z') return 'ended, not yet reaped';
  return state ? `${readText('/proc/sys/kernel/random/boot_id')?.trim()}/${fields[18]}` : '';
}
