import fs from 'node:fs';
import path from 'node:path';

const COLUMN_SHM_ID = 1;
const COLUMN_ATTACHED = 6;

/** What a PostgreSQL server wrote into `postmaster.pid` of its data directory; the file outlives a killed server. */
export type PostmasterFile = {
  readonly directory: string;
  readonly pid: number;
  readonly port: number;
  /** System V shared memory segment that every process of the server is attached to. */
  readonly sharedMemoryId: string;
};

export function readPostmasterFile(directory: string): PostmasterFile | undefined {
  const text = readText(path.join(directory, 'postmaster.pid'));
  const [pid, , , port, , , sharedMemory = ''] = text?.split('\n') ?? [];
  if (!pid || !port) return undefined;
  return {
    directory,
    pid: Number(pid),
    port: Number(port),
    sharedMemoryId: sharedMemory.trim().split(/\s+/)[1] ?? '',
  };
}

/**
 * Whether the server that wrote the file is alive. On Linux a zombie or another process that got its pid is told from
 * it; elsewhere a process with that pid counts as the server.
 */
export function isServerAlive(file: PostmasterFile): boolean {
  if (process.platform !== 'linux') return processExists(file.pid);
  const stat = readText(`/proc/${file.pid}/stat`);
  if (!stat || stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')) return false;
  // `postgres -D <directory> …`; readable for every user, unlike /proc/<pid>/cwd.
  const args = (readText(`/proc/${file.pid}/cmdline`) ?? '').split('\0');
  return path.basename(args[0] ?? '') === 'postgres' && args.includes(file.directory);
}

/**
 * Removes the file of a server that is gone, where PostgreSQL itself would take the pid's new bearer for the server and
 * refuse to start. Never while one of the old server's processes still uses its shared memory: two servers on one
 * cluster would destroy it.
 */
export function removeStalePostmasterFile(file: PostmasterFile): void {
  if (process.platform !== 'linux' || isServerAlive(file) || isAttached(file.sharedMemoryId)) return;
  fs.rmSync(path.join(file.directory, 'postmaster.pid'), { force: true });
}

function isAttached(sharedMemoryId: string): boolean {
  const segments = readText('/proc/sysvipc/shm');
  if (segments === undefined) return true;
  return segments
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .some((columns) => columns[COLUMN_SHM_ID] === sharedMemoryId && columns[COLUMN_ATTACHED] !== '0');
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function readText(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
