import { type ChildProcess, spawn } from 'node:child_process';

const KILL_AFTER_MS = 2000;

/**
 * Ends process groups when we die without a chance to: its standard input closes with us. POSIX shell, since one per replica must
 * cost next to nothing. Numbers come one a line, `+` when a group begins and `-` when it has ended.
 */
const WATCHDOG = `trap '' INT TERM HUP
groups=' '
while read -r line; do
  number=\${line#?}
  case $line in
    +*) groups="$groups$number " ;;
    -*) case $groups in *" $number "*) groups="\${groups%% $number *} \${groups#* $number }" ;; esac ;;
  esac
done
for number in $groups; do kill -s TERM -- "-$number" 2>/dev/null; done
[ "$groups" = ' ' ] || sleep 2
for number in $groups; do kill -s KILL -- "-$number" 2>/dev/null; done`;

let watchdog: ChildProcess | undefined;

/** Starts a program in a group of its own, so that all it starts ends with it, whatever becomes of us. */
export function spawnGroup(
  command: string,
  args: readonly string[],
  options: { readonly env: Record<string, string>; readonly cwd: string },
): ChildProcess {
  const child = spawn(command, args, {
    ...options,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    windowsHide: true,
  });
  const { pid } = child;
  if (pid !== undefined) {
    tellWatchdog(`+${pid}`);
    child.once('exit', () => {
      signalGroup(pid, 'SIGKILL'); // what it started and did not end
      tellWatchdog(`-${pid}`);
    });
  }
  return child;
}

/** Ends a group and waits until its first process is gone: SIGTERM, and SIGKILL after two seconds. */
export async function endGroup(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stdin?.end();
  signalGroup(pid, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), KILL_AFTER_MS);
  await gone;
  clearTimeout(timer);
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone, or this system has none: then its first process is all there is.
  }
}

function tellWatchdog(line: string): void {
  if (process.platform === 'win32') return;
  if (watchdog?.exitCode !== null || watchdog.stdin?.destroyed !== false) {
    watchdog = spawn('/bin/sh', ['-c', WATCHDOG], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      env: {},
    });
    watchdog.on('error', () => undefined);
    watchdog.stdin?.on('error', () => undefined);
    watchdog.unref();
    (watchdog.stdin as { unref?: () => void } | null)?.unref?.();
  }
  watchdog.stdin?.write(`${line}\n`);
}
