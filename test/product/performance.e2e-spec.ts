import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

type Row = {
  readonly server: string;
  readonly case: string;
  readonly errors: number;
  readonly callsPerS: number;
};

describe('docs/performance.md', () => {
  it('says, as the README does, what the committed results say', () => {
    const check = () => execFileSync(process.execPath, [join(ROOT, 'bench/tables.mjs'), '--check']);
    expect(check).not.toThrow();
  });

  it('rests on runs without an error, of all servers and cases', () => {
    const { rows } = JSON.parse(read('bench/results/speed.json')) as { rows: readonly Row[] };
    expect(rows.filter(({ errors, callsPerS }) => errors > 0 || callsPerS <= 0)).toEqual([]);
    const names = (pick: (row: Row) => string) => new Set(rows.map(pick));
    expect([...names(({ server }) => server)]).toEqual(
      expect.arrayContaining([
        'bare node:http',
        'SDK v2 createMcpHandler',
        'SDK v1',
        '@rekog/mcp-nest',
        'fastmcp',
        'Toolcrib',
        'Toolcrib, log off',
      ]),
    );
    expect([...names((row) => row.case)]).toEqual(
      expect.arrayContaining([
        'echo',
        'get_user_profile',
        'tools/list 10',
        'tools/list 100',
        'tools/list 1000',
      ]),
    );
  });

  it('installs the peers from a lock file of their own', () => {
    const { dependencies } = JSON.parse(read('bench/peers/package.json')) as {
      dependencies: Record<string, string>;
    };
    const lock = JSON.parse(read('bench/peers/package-lock.json')) as {
      packages: Record<string, { version: string }>;
    };
    for (const [name, version] of Object.entries(dependencies)) {
      expect(lock.packages[`node_modules/${name}`]?.version).toBe(version);
    }
  });
});
