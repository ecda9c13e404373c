import { exposedName } from './exposed-name.js';

describe('exposedName', () => {
  it('is the own name, or the prefix and the own name', () => {
    expect(exposedName('', 'read_file')).toBe('read_file');
    expect(exposedName('files', 'read-file')).toBe('files_read-file');
  });

  it.each(['a.b', 'a b', '1st', '_x', '工具', '', 'x'.repeat(45), 'y'.repeat(300)])(
    'is what all clients take, with room for their own prefix: %s',
    (name) => {
      for (const prefix of ['', 'up', '9', 'p'.repeat(64)])
        expect(exposedName(prefix, name)).toMatch(/^[A-Za-z][A-Za-z0-9_-]{0,43}$/);
    },
  );

  it('keeps apart what only looks alike once it is made usable, or once it is cut', () => {
    const names = ['a.b', 'a_b', 'a-b', 'a b', 'a__b', `${'z'.repeat(60)}1`, `${'z'.repeat(60)}2`];
    expect(new Set(names.map((name) => exposedName('', name))).size).toBe(names.length);
  });

  it('is the same each time', () => {
    expect(exposedName('acme', 'a.b')).toBe(exposedName('acme', 'a.b'));
  });
});
