import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSource, ROOT, sourceFiles } from './imports.js';
import { OWNERS } from './tables.js';

/** What docs/operations.md says of it. */
const [, section = ''] = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8').split('## What grows');
const rows = (section.split('\n## ', 1)[0] ?? '')
  .split('\n')
  .filter((line) => /^\| (?!what |--)/.test(line))
  .map((line) => line.split(' | '));

describe('what grows', () => {
  it('has a row in docs/operations.md for each table, which says what bounds it', () => {
    const told = new Set(rows.flatMap(([what = '']) => what.match(/(?<=`)\w+(?=`)/g) ?? []));
    expect([...OWNERS.keys()].filter((table) => !told.has(table))).toEqual([]);
    expect([...told].filter((table) => !OWNERS.has(table))).toEqual([]);
  });

  it('is shown by what is there', () => {
    expect(rows.length).toBeGreaterThan(20);
    const places = rows.flatMap(([, , , shown = '']) => shown.match(/(?<=`)(?:test|src)\/[^`]+(?=`)/g) ?? []);
    expect(places.filter((place) => !existsSync(join(ROOT, place)))).toEqual([]);
    for (const [what, , , shown] of rows) expect([what, shown]).toEqual([what, expect.stringContaining('`')]);
  });

  it('is not what a connection remembers: statements have names in one place, four of them', () => {
    const named = /\bname: *(['`])\w+\1, *text:/g;
    const found = sourceFiles().flatMap((file) => [...readSource(file).matchAll(named)].map(() => file));
    expect(found).toEqual(Array.from({ length: 4 }, () => 'call-logs/writing/call-log-lane.ts'));
  });
});
