import { createHash } from 'node:crypto';

/** Random numbers that are the same on every run: mulberry32. Good enough for sample data, for nothing else. */
export class SampleRandom {
  private state: number;

  constructor(seed: number, stream: number) {
    // Neighbouring streams must not run in parallel: spread them over the whole range first.
    this.state = Math.imul(seed ^ Math.imul(stream + 1, 0x9e3779b1), 0x85ebca6b) ^ stream;
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number, both ends included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)];
  }
}

export const SAMPLE_KINDS = [
  'consultant',
  'project',
  'customer',
  'conversation',
  'message',
  'consultation',
  'treatment',
  'task',
] as const;
export type SampleKind = (typeof SAMPLE_KINDS)[number];

const CUSTOMERS_MAX = 2 ** 32;
const SEQUENCE_MAX = 2 ** 16;

/**
 * Ids of sample rows: the same for the same tenant, seed, customer number and kind, and sorted by customer number.
 * They have the form of UUIDv7 with a time in early 1970, which no real row has, so sample rows are told by their id.
 */
export class SampleIds {
  private readonly suffix: string;

  constructor(tenantId: string, seed: number) {
    this.suffix = createHash('sha256').update(`${tenantId}:${seed}`).digest('hex').slice(0, 12);
  }

  /**
   * @param customer The customer's number; for a consultant or project, its place in the catalogue.
   * @param sequence Counts the rows of one kind that belong to one customer; below 65,536.
   */
  of(kind: SampleKind, customer: number, sequence = 0): string {
    if (customer >= CUSTOMERS_MAX || sequence >= SEQUENCE_MAX) throw new RangeError('Too many sample rows');
    const time = hex(customer, 12);
    const kindDigit = SAMPLE_KINDS.indexOf(kind).toString(16);
    const place = hex(sequence, 4);
    return `${time.slice(0, 8)}-${time.slice(8)}-7${kindDigit}${place.slice(0, 2)}-80${place.slice(2)}-${this.suffix}`;
  }

  /** The customer number inside an id of {@link of}. */
  static customerOf(id: string): number {
    return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
  }
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
