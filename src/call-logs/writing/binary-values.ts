import { writeUuid } from '../../platform/uuid-bytes.js';

/** Types of PostgreSQL, with what stands for a value of each. */
type Values = {
  readonly uuid: string;
  readonly timestamptz: Date;
  readonly boolean: boolean;
  readonly smallint: number;
  readonly integer: number;
  readonly bigint: number;
  readonly real: number;
  readonly varchar: string;
  readonly text: string;
  readonly json: string;
  readonly bytea: Buffer;
};

type ColumnType = keyof Values;

/** A column of the rows that are sent: its name, its type, and how a row gives its value. */
export type Column<Row> = {
  [Type in ColumnType]: readonly [name: string, type: Type, value: (row: Row) => Values[Type] | null];
}[ColumnType];

/** Object identifiers of the types (`pg_type`), which the format of arrays names. */
const OIDS: Readonly<Record<ColumnType, number>> = {
  uuid: 2950,
  timestamptz: 1184,
  boolean: 16,
  smallint: 21,
  integer: 23,
  bigint: 20,
  real: 700,
  varchar: 1043,
  text: 25,
  json: 114,
  bytea: 17,
};

const START_BYTES = 64 * 1024;
const KEPT_MAX_BYTES = 8 * 1024 * 1024;
const NULL = -1;
/** Dimensions, whether there are nulls, the type, the length, the first index. */
const ARRAY_HEADER_BYTES = 20;
/** Of a length and a value of a fixed size. */
const FIXED_MAX_BYTES = 20;
const UTF8_MAX_BYTES = 3; // for each code unit of UTF-16
const EPOCH_MS = Date.UTC(2000, 0, 1);
const WORD = 2 ** 32;

/** All values of a batch are written here one after the other; it grows, and is made anew after a batch of large ones. */
let bytes = Buffer.allocUnsafe(START_BYTES);
let used = 0;

/**
 * The columns of some rows as arrays in PostgreSQL's binary format (`array_recv` in its sources; the driver sends a Buffer as a
 * binary parameter). As text, an array costs both sides three times as much: quoted here, and taken apart there.
 *
 * @param rows At least one.
 * @returns For each column the value of a parameter.
 */
export function binaryArrays<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): Buffer[] {
  return parametersOf(columns, (column) => {
    writeArrayHeader(OIDS[column[1]], rows.length);
    for (const row of rows) writeValue(column, row);
  });
}

/** The columns of one row, each as a parameter of its own; null for null. */
export function binaryValues<Row>(columns: readonly Column<Row>[], row: Row): (Buffer | null)[] {
  const parameters = parametersOf(columns, (column) => writeValue(column, row));
  return parameters.map((parameter) =>
    parameter.readInt32BE(0) === NULL ? null : parameter.subarray(Int32Array.BYTES_PER_ELEMENT),
  );
}

function parametersOf<Row>(columns: readonly Column<Row>[], write: (column: Column<Row>) => void): Buffer[] {
  used = 0;
  const ends = columns.map((column) => {
    write(column);
    return used;
  });
  const all = Buffer.from(bytes.subarray(0, used));
  if (bytes.length > KEPT_MAX_BYTES) bytes = Buffer.allocUnsafe(START_BYTES);
  return ends.map((end, index) => all.subarray(index === 0 ? 0 : ends[index - 1], end));
}

function writeArrayHeader(oid: number, length: number): void {
  makeRoom(ARRAY_HEADER_BYTES);
  putInt32(1);
  putInt32(1); // there may be nulls
  putInt32(oid);
  putInt32(length);
  putInt32(1);
}

/** Its length in bytes, or that it is null, and itself. */
function writeValue<Row>([, type, valueIn]: Column<Row>, row: Row): void {
  const value = valueIn(row);
  makeRoom(FIXED_MAX_BYTES);
  if (value === null) return putInt32(NULL);
  switch (type) {
    case 'uuid':
      putInt32(16);
      writeUuid(bytes, used, value as string);
      used += 16;
      return;
    case 'timestamptz':
      putInt32(8);
      return putInt64(((value as Date).getTime() - EPOCH_MS) * 1000); // microseconds
    case 'boolean':
      putInt32(1);
      bytes[used++] = value ? 1 : 0;
      return;
    case 'smallint':
      putInt32(2);
      used = bytes.writeInt16BE(value as number, used);
      return;
    case 'integer':
      putInt32(4);
      return putInt32(value as number);
    case 'bigint':
      putInt32(8);
      return putInt64(value as number);
    case 'real':
      putInt32(4);
      used = bytes.writeFloatBE(value as number, used);
      return;
    case 'bytea':
      return putBytes(value as Buffer);
    case 'varchar':
    case 'text':
    case 'json':
      return putText(value as string);
  }
}

function putInt32(value: number): void {
  used = bytes.writeInt32BE(value, used);
}

/** Exact as far as numbers are. */
function putInt64(value: number): void {
  const high = Math.floor(value / WORD);
  putInt32(high);
  used = bytes.writeUInt32BE(value - high * WORD, used);
}

function putText(text: string): void {
  makeRoom(4 + text.length * UTF8_MAX_BYTES);
  const length = bytes.write(text, used + 4, 'utf8');
  putInt32(length);
  used += length;
}

function putBytes(value: Buffer): void {
  makeRoom(4 + value.length);
  putInt32(value.length);
  value.copy(bytes, used);
  used += value.length;
}

function makeRoom(count: number): void {
  if (used + count <= bytes.length) return;
  const grown = Buffer.allocUnsafe(Math.max(bytes.length * 2, used + count));
  bytes.copy(grown, 0, 0, used);
  bytes = grown;
}
