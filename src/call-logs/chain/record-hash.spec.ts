import { createHash, randomBytes } from 'node:crypto';
import { merklePath, merkleRoot, netstring, readEntry, writeEntry } from './record-hash.js';

const sha = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();

/** As RFC 9162, section 2.1.1 writes it down: recursive, split at the largest power of two below the length. */
function rootOfRfc(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0];
  const half = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return sha(Buffer.of(1), rootOfRfc(leaves.slice(0, half)), rootOfRfc(leaves.slice(half)));
}

describe('merkleRoot', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33, 127, 128])(
    'is the tree of RFC 9162 over %i leaves',
    (count) => {
      const leaves = Array.from({ length: count }, () => randomBytes(32));
      const before = leaves.map((leaf) => leaf.toString('hex'));
      expect(merkleRoot(Buffer.concat(leaves)).equals(rootOfRfc(leaves))).toBe(true);
      expect(leaves.map((leaf) => leaf.toString('hex'))).toEqual(before);
    },
  );

  it.each([1, 2, 3, 5, 7, 8, 13, 128])('is reached from every leaf of %i by its path', (count) => {
    const leaves = Array.from({ length: count }, () => randomBytes(32));
    const root = merkleRoot(Buffer.concat(leaves)).toString('hex');
    for (const [position, leaf] of leaves.entries()) {
      let reached = leaf;
      for (const { side, hash } of merklePath(Buffer.concat(leaves), position)) {
        const neighbour = Buffer.from(hash, 'hex');
        reached =
          side === 'left' ? sha(Buffer.of(1), neighbour, reached) : sha(Buffer.of(1), reached, neighbour);
      }
      expect(reached.toString('hex')).toBe(root);
    }
  });
});

describe('an entry', () => {
  it('is read as it was written', () => {
    const entry = {
      id: '0198c0de-0000-7abc-8def-0123456789ab',
      createdAt: new Date('2026-07-28T01:02:03.456Z'),
      groupId: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
      hashHex: randomBytes(32).toString('hex'),
    };
    const entries = Buffer.alloc(144);
    writeEntry(entries, 72, entry);
    expect(readEntry(entries, 1)).toEqual(entry);
  });
});

describe('netstring', () => {
  it('counts bytes, and tells null from the empty text', () => {
    expect([netstring('é,'), netstring(''), netstring(null)]).toEqual(['3:é,,', '0:,', '-,']);
  });
});
