const DASH = 0x2d;
/** Value of a hexadecimal digit by its character code. */
const DIGITS = Uint8Array.from(
  { length: 128 },
  (_, code) => Number.parseInt(String.fromCharCode(code), 16) || 0,
);

/** Writes the 16 bytes of a UUID, which takes a third of the time of `Buffer.write` without the dashes. */
export function writeUuid(target: Uint8Array, offset: number, uuid: string): void {
  let from = 0;
  for (let at = offset; at < offset + 16; at++) {
    if (uuid.charCodeAt(from) === DASH) from++;
    target[at] = (DIGITS[uuid.charCodeAt(from)] << 4) | DIGITS[uuid.charCodeAt(from + 1)];
    from += 2;
  }
}

export function readUuid(bytes: Buffer, offset: number): string {
  const hex = bytes.toString('hex', offset, offset + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
