import type { Client } from 'pg';
import { commitmentsOf, type Entry, ENTRY_BYTES, readEntry, recordHash } from '../call-logs/record-hash.js';
import type { AllowedRemovals } from './allowed-removals.js';
import type { TenantReport } from './report.js';

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

const ROWS = `SELECT e.n, l.writer_id || '/' || l.batch_seq || '/' || l.batch_position, l.group_id, ${RECORD_TEXT},
    encode(l.salt, 'hex'), l.request_data::text, l.response_data::text, l.error_message,
    encode(l.request_commitment, 'hex'), encode(l.response_commitment, 'hex')
  FROM unnest($1::uuid[], $2::timestamptz[]) WITH ORDINALITY AS e(id, created_at, n)
  JOIN mcp_call_logs l ON l.id = e.id AND l.created_at = e.created_at
  WHERE l.tenant_id = $3`;

type Text = string | null;
type Row = readonly [
  n: string,
  place: Text,
  groupId: string,
  recordText: string,
  saltHex: Text,
  request: Text,
  response: Text,
  errorMessage: Text,
  requestCommitment: Text,
  responseCommitment: Text,
];

/** As the server sent it: no dates, no numbers, no JSON made of it. */
const asText = { getTypeParser: () => (value: string) => value };

type Place = { readonly batch: EntriesOfBatch; readonly position: number };

/** Compares records with what their batches say about them. */
export class RecordCheck {
  constructor(
    private readonly client: Client,
    private readonly report: TenantReport,
    private readonly allowed: AllowedRemovals,
    private readonly period: Period,
  ) {}

  /** Asks for the records of some batches; the comparison is left to {@link compare}, so that the two can overlap. */
  async read(batches: readonly EntriesOfBatch[]): Promise<{ places: Place[]; rows: readonly Row[] }> {
    const places: Place[] = [];
    const ids: string[] = [];
    const times: string[] = [];
    for (const batch of batches) {
      const hex = batch.entries.toString('hex');
      for (let position = 0; position * ENTRY_BYTES < batch.entries.length; position++) {
        const at = Number(batch.entries.readBigUInt64BE(position * ENTRY_BYTES + 16));
        if (!isWithin(at, this.period)) continue;
        places.push({ batch, position });
        ids.push(hex.slice(2 * position * ENTRY_BYTES, 2 * position * ENTRY_BYTES + 32));
        times.push(new Date(at).toISOString());
      }
    }
    const query = { name: 'verify_records', text: ROWS, rowMode: 'array' as const, types: asText };
    const { rows } = await this.client.query<Row & unknown[]>({
      ...query,
      values: [ids, times, this.report.tenantId],
    });
    return { places, rows };
  }

  compare({ places, rows }: { places: readonly Place[]; rows: readonly Row[] }): void {
    const found = new Array<boolean>(places.length).fill(false);
    for (const row of rows) {
      const index = Number(row[0]) - 1;
      found[index] = true;
      this.compareOne(row, places[index]);
    }
    for (const [index, isThere] of found.entries()) {
      if (!isThere) this.missing(places[index]);
    }
  }

  private compareOne(row: Row, { batch, position }: Place): void {
    const [, place, groupId, recordText, saltHex, request, response, errorMessage, asked, answered] = row;
    this.report.records++;
    const isErased = asked !== null || answered !== null;
    const commitments = isErased
      ? { request: asked ?? '', response: answered ?? '' }
      : commitmentsOf({ saltHex: saltHex ?? '', request, response, errorMessage });
    const entry = readEntry(batch.entries, position);
    const named = nameOf(batch, position, entry);
    if (recordHash(recordText, commitments) !== entry.hashHex || groupId !== entry.groupId) {
      this.report.add('record_changed', `${named} was changed`, entry.id);
    } else if (place !== `${batch.writerId}/${batch.seq}/${position}`) {
      this.report.add('record_moved', `${named} says that it lies at ${place}`, entry.id);
    } else if (isErased) {
      this.erased(row, entry, named);
    }
  }

  private erased([, , , , saltHex, request, response, errorMessage]: Row, entry: Entry, named: string): void {
    this.report.erased++;
    if ([saltHex, request, response, errorMessage].some((value) => value !== null)) {
      this.report.add('record_unerased', `${named} is marked as erased and has a payload again`, entry.id);
    } else if (!this.allowed.coversErased(entry.id)) {
      this.report.add('erasure_unsigned', `${named} was erased, and no signed removal covers it`, entry.id);
    }
  }

  private missing({ batch, position }: Place): void {
    const entry = readEntry(batch.entries, position);
    if (this.allowed.coversMissing(entry)) {
      this.report.removed++;
      return;
    }
    const named = nameOf(batch, position, entry);
    this.report.add('record_missing', `${named} is missing, and no signed removal covers it`, entry.id);
  }
}

function nameOf(batch: EntriesOfBatch, position: number, { id, createdAt }: Entry): string {
  return `record ${id} of ${createdAt.toISOString()} (batch ${batch.writerId}/${batch.seq}, position ${position})`;
}

export function isWithin(at: number, { from, to }: Period): boolean {
  return (from === null || at >= from.getTime()) && (to === null || at < to.getTime());
}
