import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  complaintAbout,
  computedImportsOf,
  entriesOfSrc,
  exists,
  filesOfSrc,
  importsOf,
  OUTSIDE_ROOMS,
  outsideOf,
  readSource,
  ROOMS,
  ROOT,
  sourceFiles,
  specifiersOf,
} from './imports.js';

/** Load a module that a tool or a package names. */
const COMPUTED = [
  'boot/postgres/embedded-binaries.ts',
  'tools/native/thread-target.ts',
  'tools/native/tool-thread.ts',
];
const imports = importsOf(filesOfSrc());

describe('the rooms of src', () => {
  it('are the ones listed, and no other', () => {
    const { rooms, files } = entriesOfSrc();
    const known = [...OUTSIDE_ROOMS, 'rooms.json'];
    expect({
      'no room of src/rooms.json: put it into the room it belongs to, or list it in its place': rooms.filter(
        (room) => !ROOMS.includes(room),
      ),
      'listed, and not there': ROOMS.filter((room) => !rooms.includes(room)),
      'files that belong into a room': files.filter((file) => !known.includes(file)),
    }).toEqual({
      'no room of src/rooms.json: put it into the room it belongs to, or list it in its place': [],
      'listed, and not there': [],
      'files that belong into a room': [],
    });
  });

  it('import only rooms before them', () => {
    expect(imports.map((one) => complaintAbout(one)).filter((complaint) => complaint)).toEqual([]);
  });

  it('would hear of an import that goes up', () => {
    expect(complaintAbout({ from: 'mcp/gate.ts', to: 'crm/users.service.ts' })).toBe(
      'mcp/gate.ts imports crm/users.service.ts: a room imports only rooms before it. Move what you need down, or take it as a port',
    );
    expect(complaintAbout({ from: 'platform/config.ts', to: 'main.ts' })).toBeDefined();
    expect(complaintAbout({ from: 'crm/users.service.ts', to: 'mcp/gate.ts' })).toBeUndefined();
    expect(complaintAbout({ from: 'crm/users.service.ts', to: 'unlisted/a.ts' })).toBeDefined();
  });

  it('are read whole: every import of src leads to a file', () => {
    expect(imports.filter(({ to }) => !exists(to))).toEqual([]);
    expect(imports.length).toBeGreaterThan(3000);
  });

  it('name each file that they load: only tools in threads are found at run time', () => {
    expect(filesOfSrc().filter((file) => computedImportsOf(file).length > 0)).toEqual(COMPUTED);
  });

  it.each([
    'await import(name)',
    'await import(`../${room}/a.js`)',
    'createRequire(import.meta.url)(name)',
    "const load = createRequire(import.meta.url); load('../' + name)",
    "import.meta.resolve('../' + name)",
    'new URL(name, import.meta.url)',
  ])('would hear of a file that is named at run time: %s', (text) => {
    expect(computedImportsOf('mcp/a.ts', text)).toHaveLength(1);
  });

  it('import nothing beside src but migrations, which import nothing of src', () => {
    const outside = filesOfSrc().flatMap((file) => outsideOf(file).map((path) => ({ file, path })));
    expect(outside.length).toBeGreaterThan(5);
    expect(outside.filter(({ path }) => !path.startsWith('migrations/'))).toEqual([]);
    const named = readdirSync(join(ROOT, 'migrations')).flatMap((file) =>
      specifiersOf(file, readFileSync(join(ROOT, 'migrations', file), 'utf8')).map(
        ({ specifier }) => specifier,
      ),
    );
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter((name) => !/^(?:\.\/|node:|typeorm$)/.test(name))).toEqual([]);
    expect(outsideOf('mcp/a.ts', "require('../../test/support/mcp.js')")).toEqual(['test/support/mcp.js']);
  });

  it('hold no import cycle', () => {
    expect({
      'move what both need into a file of its own': cyclesOf(imports),
    }).toEqual({ 'move what both need into a file of its own': [] });
  });

  it('are read in every way to name a file', () => {
    const text = `import a from './b.js'; import type { C } from './c.js'; export * from '../d.js';
      type E = import('./e.js').E; await import('./f.js');
      createRequire(import.meta.url)('../operations/h.js'); const load = module.createRequire(import.meta.url);
      load('./i.js'); load.resolve('./j.js'); require('./k.js'); import.meta.resolve('./l.js'); new URL('./g.js', import.meta.url); import 'node:fs';`;
    const found = importsOf(['mcp/a.ts'], () => text).map(({ to, typeOnly }) => `${to} ${typeOnly}`);
    expect(found).toEqual([
      'mcp/b.ts false',
      'mcp/c.ts true',
      'd.ts false',
      'mcp/e.ts true',
      'mcp/f.ts false',
      'operations/h.ts false',
      ...['i', 'j', 'k', 'l'].map((name) => `mcp/${name}.ts false`),
      'mcp/g.ts false',
    ]);
  });

  it('would hear of a cycle, of types too', () => {
    const edge = (from: string, to: string) => ({ from, to });
    expect(cyclesOf([edge('a', 'b'), edge('b', 'c'), edge('c', 'a'), edge('c', 'd')])).toEqual([
      ['a', 'b', 'c'],
    ]);
    expect(cyclesOf([edge('a', 'b'), edge('b', 'c'), edge('a', 'c')])).toEqual([]);
  });

  it('hold no file that is longer than a page can be read', () => {
    const long = sourceFiles()
      .map((file) => ({ file, lines: readSource(file).split('\n').length - 1 }))
      .filter(({ lines }) => lines > 300);
    expect({ 'split it by concept, not by size': long }).toEqual({ 'split it by concept, not by size': [] });
  });

  it('hold no two files of one name', () => {
    const paths = new Map<string, string[]>();
    for (const file of sourceFiles()) {
      const name = file.slice(file.lastIndexOf('/') + 1);
      paths.set(name, [...(paths.get(name) ?? []), file]);
    }
    expect({
      'say in the name which of them it is': [...paths.values()].filter((files) => files.length > 1),
    }).toEqual({ 'say in the name which of them it is': [] });
  });
});

/** Each strongly connected set of files (Tarjan 1972) that has more than one. */
function cyclesOf(edges: readonly { from: string; to: string }[]): string[][] {
  const targets = new Map<string, string[]>();
  for (const { from, to } of edges) targets.set(from, [...(targets.get(from) ?? []), to]);
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.get(file)!);
    stack.push(file);
    for (const to of targets.get(file) ?? []) {
      if (!index.has(to)) visit(to);
      if (stack.includes(to)) low.set(file, Math.min(low.get(file)!, low.get(to)!));
    }
    if (low.get(file) !== index.get(file)) return;
    const members = stack.splice(stack.indexOf(file));
    if (members.length > 1) cycles.push(members);
  };
  for (const file of targets.keys()) if (!index.has(file)) visit(file);
  return cycles;
}
