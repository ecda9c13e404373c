import {
  complaintAbout,
  entriesOfSrc,
  exists,
  importsOf,
  OUTSIDE_ROOMS,
  ROOMS,
  sourceFiles,
} from './imports.js';

const imports = importsOf(sourceFiles());

describe('the rooms of src', () => {
  it('are the ones listed, and no other', () => {
    const { rooms, files } = entriesOfSrc();
    expect(rooms.toSorted()).toEqual(ROOMS.toSorted());
    expect(files.toSorted()).toEqual([...OUTSIDE_ROOMS, 'rooms.json'].toSorted());
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
  });

  it('are read whole: every import of src leads to a file', () => {
    expect(imports.filter(({ to }) => !exists(to))).toEqual([]);
    expect(imports.length).toBeGreaterThan(3000);
  });

  it('hold no import cycle', () => {
    expect(cyclesOf(imports.filter(({ typeOnly }) => !typeOnly))).toEqual([]);
  });

  it('hold no two files of one name', () => {
    const paths = new Map<string, string[]>();
    for (const file of sourceFiles()) {
      const name = file.slice(file.lastIndexOf('/') + 1);
      paths.set(name, [...(paths.get(name) ?? []), file]);
    }
    expect([...paths.values()].filter((files) => files.length > 1)).toEqual([]);
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
