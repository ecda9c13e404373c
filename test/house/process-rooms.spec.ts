import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOMS, ROOT } from './imports.js';

describe('app.module.ts', () => {
  it('brings every room into the processes, in the order of the house', () => {
    const text = readFileSync(join(ROOT, 'src/app.module.ts'), 'utf8');
    const [, list = ''] = /const ROOMS[^=]*= \[([^\]]*)\]/.exec(text) ?? [];
    const named = list.split(',').flatMap((name) => name.trim() || []);
    // `boot` makes the processes and is in none of them.
    const wanted = ROOMS.filter((room) => room !== 'boot').map((room) =>
      room.replaceAll(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase()),
    );
    expect(named).toEqual(wanted);
  });
});
