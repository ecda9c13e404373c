import { InvalidInputError } from '../../platform/errors.js';

const HANDLE = /^result_[A-Za-z0-9_-]{16,}$/;
const DATA = /^data:([^,;]*)((?:;[^,;]*)*),/;

export type FileBytes = { readonly bytes: Buffer; readonly mediaType?: string; readonly name?: string };

/** Reads what a handle of a kept result stands for. */
export type ReadHandle = (handle: string) => Promise<string>;

/**
 * Reads what an agent gave for a file: text, a `data:` URI (with `;name=` for the file's name), or the handle of a kept result.
 *
 * @throws {InvalidInputError} It cannot be read; the message says how to give it.
 */
export async function fileBytes(given: string, readHandle: ReadHandle): Promise<FileBytes> {
  if (HANDLE.test(given)) return { bytes: Buffer.from(await readHandle(given)), mediaType: 'text/plain' };
  const data = DATA.exec(given);
  if (!data) return { bytes: Buffer.from(given, 'utf8') };
  const [whole, type = '', parameters = ''] = data;
  const content = given.slice(whole.length);
  const words = parameters.split(';').map((word) => word.trim());
  const name = words.find((word) => word.startsWith('name='))?.slice('name='.length);
  return {
    bytes: words.includes('base64') ? ofBase64(content) : Buffer.from(decoded(content), 'utf8'),
    ...(type !== '' && { mediaType: type }),
    ...(name !== undefined && { name: decoded(name) }),
  };
}

function ofBase64(text: string): Buffer {
  const plain = text.replaceAll(/\s/g, '').replaceAll('-', '+').replaceAll('_', '/');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(plain))
    throw new InvalidInputError('The file is not Base64 behind `;base64,`');
  return Buffer.from(plain, 'base64');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new InvalidInputError(
      'The file is no `data:` URI: characters behind its comma must be percent-encoded',
    );
  }
}
