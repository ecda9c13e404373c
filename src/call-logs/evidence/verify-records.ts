import {
  commitmentsOf,
  type Entry,
  ENTRY_BYTES,
  entryTime,
  readEntry,
  recordHash,
} from '../chain/record-hash.js';
import type { LogReader } from './log-reader.js';
import type { AllowedRemovals } from './allowed-removals.js';
import type { FindingKind, TenantReport } from './report.js';

/** A batch as far as its records are concerned. */
export type EntriesOfBatch = { readonly writerId: string; readonly seq: number; readonly entries: Buffer };
/** Calls that arrived from `from` on and before `to`. */
export type Period = { readonly from: Date | null; readonly to: Date | null };

const text = (column: string) => `coalesce(octet_length(l.${column}) || ':' || l.${column} || ',', '-,')`;
const uuid = (column: string) => `coalesce('36:' || l.${column} || ',', '-,')`;
const truth = (column: string) => `CASE WHEN l.${column} THEN '4:true,' ELSE '5:false,' END`;

/** The canonical text of a record up to its commitments, as `recordText` makes it. One field instead of twelve: that is faster. */
const RECORD_TEXT = [
  `E'toolcrib record v1\\n'`,
  uuid('tenant_id'),
  text('tool_name'),
  uuid('tool_id'),
  text('caller_app_id'),
  uuid('key_id'),
  uuid('user_id'),
  text('era'),
  text('transport'),
  truth('is_test'),
  truth('success'),
  text('error_kind'),
  `'8:' || encode(float4send(l.duration_ms), 'hex') || ','`,
].join(' || ');

const ROWS = `SELECT e.n, l.writer_id || '/' || l.batch_seq || '/' || l.batch_position,
    encode(uuid_send(l.group_id), 'hex'), ${RECORD_TEXT},
    encode(l.salt, 'hex'), l.request_data::text, l.response_data::text, l.error_message,
    encode(l.request_commitment, 'hex'), encode(l.response_commitment, 'hex')
  FROM unnest($1::uuid[], $2::timestamptz[]) WITH ORDINALITY AS e(id, created_at, n)
  JOIN mcp_call_logs l ON l.id = e.id AND l.created_at = e.created_at
  WHERE l.created_at >= $3 AND l.created_at < $4 AND l.tenant_id = $5`;

type Text = string | null;
type Row = readonly [
  n: string,
  place: Text,
  groupHex: string,
  recordText: string,
  saltHex: Text,
  request: Text,
  response: Text,
  errorMessage: Text,
  requestCommitment: Text,
  responseCommitment: Text,
];

/** `hex` is that of all entries: slices of it are compared, so that nothing is made of a record that is as it should be. */
type Place = { readonly batch: EntriesOfBatch; readonly hex: string; readonly position: number };
const HEX = 2 * ENTRY_BYTES;
const GROUP_AT = 48;
const HASH_AT = 80;

/** Compares records with what their batches say about them. */
export class RecordCheck {
  constructor(
    private readonly snapshot: LogReader,
    private readonly report: TenantReport,
    private readonly allowed: AllowedRemovals,
    private readonly period: Period,
  ) {}

  /** Asks for the records of some batches; the comparison is left to {@link compare}, so that the two can overlap. */
  async read(
    batches: readonly EntriesOfBatch[],
  ): Promise<{ places: Place[]; rows: ReadonlyMap<number, Row> }> {
    const places: Place[] = [];
    const named: { id: string; atMs: number }[] = [];
    for (const batch of batches) {
      const hex = batch.entries.toString('hex');
      for (let position = 0; position * ENTRY_BYTES < batch.entries.length; position++) {
        const atMs = entryTime(batch.entries, position);
        if (!isWithin(atMs, this.period)) continue;
        places.push({ batch, hex, position });
        named.push({ id: hex.slice(position * HEX, position * HEX + 32), atMs });
      }
    }
    const query = { name: 'verify_records', sql: ROWS };
    return { places, rows: await this.snapshot.lookUp<Row>(query, named, [this.report.tenantId]) };
  }

  compare({ places, rows }: { places: readonly Place[]; rows: ReadonlyMap<number, Row> }): void {
    for (const [index, place] of places.entries()) {
      const row = rows.get(index);
      if (row) this.compareOne(row, place);
      else this.missing(place);
    }
  }

  private compareOne(row: Row, place: Place): void {
    const [, lies, groupHex, recordText, saltHex, request, response, errorMessage, asked, answered] = row;
    const { batch, hex, position } = place;
    this.report.records++;
    const isErased = asked !== null || answered !== null;
    const commitments = isErased
      ? { request: asked ?? '', response: answered ?? '' }
      : commitmentsOf({ request, response, errorMessage }, saltHex ?? '');
    const isAsHashed =
      hex.startsWith(recordHash(recordText, commitments), position * HEX + HASH_AT) &&
      hex.startsWith(groupHex, position * HEX + GROUP_AT);
    if (!isAsHashed) {
      this.add('record_changed', place, 'was changed');
    } else if (lies !== `${batch.writerId}/${batch.seq}/${position}`) {
      this.add('record_moved', place, `says that it lies at ${lies}`);
    } else if (isErased) {
      this.erased(row, place);
    }
  }

  private erased([, , , , saltHex, request, response, errorMessage]: Row, place: Place): void {
    this.report.erased++;
    if ([saltHex, request, response, errorMessage].some((value) => value !== null)) {
      this.add('record_unerased', place, 'is marked as erased and has a payload again');
    } else if (!this.allowed.coversErased(entryOf(place).id)) {
      this.add('erasure_unsigned', place, 'was erased, and no signed removal covers it');
    }
  }

  private missing(place: Place): void {
    if (this.allowed.coversMissing(entryOf(place))) this.report.removed++;
    else this.add('record_missing', place, 'is missing, and no signed removal covers it');
  }

  private add(kind: FindingKind, place: Place, what: string): void {
    const { id, createdAt } = entryOf(place);
    const { writerId, seq } = place.batch;
    const where = `batch ${writerId}/${seq}, position ${place.position}`;
    this.report.add(kind, `record ${id} of ${timeText(createdAt) ?? 'no time'} (${where}) ${what}`, id);
  }
}

function entryOf({ batch, position }: Place): Entry {
  return readEntry(batch.entries, position);
}

/** @returns undefined: the bytes of the entry are no time. */
function timeText(at: Date): string | undefined {
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

function isWithin(at: number, { from, to }: Period): boolean {
  return (from === null || at >= from.getTime()) && (to === null || at < to.getTime());
}
