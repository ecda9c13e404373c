import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { eventually } from '../support/waiting.js';
import { endGroup, spawnGroup } from '../../src/sources/upstreams/process-group.js';

const SOURCE = join(__dirname, '../../src/sources/upstreams/process-group.ts');
const options = { env: { PATH: '/usr/bin:/bin' }, cwd: '/' };
/** A program that starts another one, which ignores SIGTERM. */
const FAMILY = `(trap '' TERM; sleep 300) & echo $!; trap '' TERM; wait`;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** @returns Those that stay. */
async function survivorsOf(pids: readonly number[]): Promise<readonly number[]> {
  await eventually(() => !pids.some(isAlive));
  return pids.filter(isAlive);
}

describe('a process group', () => {
  it('pitfall 6: ends as a whole, grandchildren too, also when they ignore SIGTERM', async () => {
    const child = spawnGroup('/bin/sh', ['-c', FAMILY], options);
    const [said] = (await once(child.stdout!, 'data')) as [Buffer];
    await endGroup(child);
    expect(await survivorsOf([child.pid!, Number(String(said))])).toEqual([]);
  });

  it('leaves nothing behind after many rounds of starting and ending', async () => {
    const pids: number[] = [];
    for (let round = 0; round < 20; round++) {
      const group = Array.from({ length: 5 }, () => spawnGroup('/bin/sleep', ['300'], options));
      pids.push(...group.map(({ pid }) => pid!));
      await Promise.all(group.map(endGroup));
    }
    expect(pids).toHaveLength(100);
    expect(await survivorsOf(pids)).toEqual([]);
  });

  it('ends when we are killed without a word', async () => {
    const script = `import { spawnGroup } from '${SOURCE}';
      const options = ${JSON.stringify(options)};
      const gone = spawnGroup('/bin/sleep', ['300'], options);
      gone.kill('SIGKILL');
      gone.once('exit', () => {
        const children = [spawnGroup('/bin/sleep', ['300'], options), spawnGroup('/bin/sh', ['-c', "trap '' TERM; sleep 300"], options)];
        process.stdout.write(children.map(({ pid }) => pid).join(' '));
      });`;
    const parent = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', script]);
    const [said] = (await once(parent.stdout, 'data')) as [Buffer];
    const pids = String(said).split(' ').map(Number);
    expect(pids.every(isAlive)).toBe(true);
    parent.kill('SIGKILL');
    expect(await survivorsOf(pids)).toEqual([]);
  });

  it('tells of a program that is not there', async () => {
    const child = spawnGroup('/no/such/program', [], options);
    const [error] = (await once(child, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ENOENT');
    await endGroup(child);
  });
});
