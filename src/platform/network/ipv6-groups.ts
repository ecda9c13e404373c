import { SocketAddress } from 'node:net';

/**
 * Spells an IPv6 address out: its eight groups of 16 bits (RFC 4291, section 2.2), without its zone.
 *
 * @throws {Error} It is none.
 */
export function ipv6Groups(address: string): number[] {
  const [plain = ''] = address.split('%');
  const [head = '', tail] = new SocketAddress({ address: plain, family: 'ipv6' }).address.split('::');
  const [before, after] = [readGroups(head), readGroups(tail ?? '')];
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function readGroups(text: string): number[] {
  return text.split(':').flatMap((part) => {
    if (part === '') return [];
    if (!part.includes('.')) return [Number.parseInt(part, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}
