import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { decodeCursor, encodeCursor } from '../platform/rest/paging.js';
import type { SecretBox } from '../platform/secrets/secret-box.js';

const SEAL_BYTES = 12;

/**
 * Cursors of `tools/list`: where a page ended, sealed for its group. One of another group, or one that somebody made up, is
 * refused: a client that mixes its servers up must not get a list that looks whole and is not.
 */
export class ListCursors {
  constructor(private readonly secretBox: SecretBox) {}

  after(groupId: string, name: string): string {
    return encodeCursor([name, sealOf(this.secretBox.digest(textOf(groupId, name)))]);
  }

  /**
   * @returns The name that the page before ended with.
   * @throws {ProtocolError} -32602: it is not a cursor of this list.
   */
  read(groupId: string, cursor: string): string {
    const [name, seal] = partsOf(cursor);
    if (typeof name === 'string' && typeof seal === 'string') {
      const text = textOf(groupId, name);
      const seals = [this.secretBox.digest(text), ...this.secretBox.previousDigests(text)].map(sealOf);
      if (seals.includes(seal)) return name;
    }
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      'The cursor is not valid; list again without one',
    );
  }
}

function partsOf(cursor: string): readonly unknown[] {
  try {
    return decodeCursor(cursor, 2);
  } catch {
    return []; // told in the protocol's own way
  }
}

function textOf(groupId: string, name: string): string {
  return `tools/list ${groupId} ${name}`;
}

function sealOf(digest: Buffer): string {
  return digest.subarray(0, SEAL_BYTES).toString('base64url');
}
