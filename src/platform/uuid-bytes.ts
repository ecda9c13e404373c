const DASH = 0x2d;
const NO_DIGIT = 0xff;
const UUID_LENGTH = 36;
/** Value of a hexadecimal digit by its character code. */
const DIGITS = Uint8Array.from({ length: 128 }, (_, code) => {
  const digit = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(digit) ? NO_DIGIT : digit;
});

/**
 * Writes the 16 bytes of a UUID, in a third of the time that `Buffer.write` takes for it without its dashes.
 *
 * @throws {TypeError} It is none: what is stored must be what was hashed.
 */
export function writeUuid(target: Uint8Array, offset: number, uuid: string): void {
  let from = 0;
  let isUuid = uuid.length === UUID_LENGTH;
  for (let at = offset; at < offset + 16; at++) {
    if (uuid.charCodeAt(from) === DASH) from++;
    const high = DIGITS[uuid.charCodeAt(from)] ?? NO_DIGIT;
    const low = DIGITS[uuid.charCodeAt(from + 1)] ?? NO_DIGIT;
    if ((high | low) > 0xf) isUuid = false;
    target[at] = (high << 4) | low;
    from += 2;
  }
  if (!isUuid) throw new TypeError('An id of a call record is no UUID');
}

export function readUuid(bytes: Buffer, offset: number): string {
  const hex = bytes.toString('hex', offset, offset + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
