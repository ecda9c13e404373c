import type { QueryRunner } from 'typeorm';
import { type ExportFormat, keyOfLine, LINE_END, type LineKey } from './export-line.js';

/** So many characters are read before the client has to take them. */
export const PAGE_CHARACTERS = 2_000_000;
/** Records that come from the database at a time. They can be of any size, so this and no average bounds what is in memory. */
export const FETCH_RECORDS = 64;

export type Page = {
  readonly pieces: readonly string[];
  /** The last line of a page that is not the last one. */
  readonly before?: LineKey;
};

type Lines = {
  /** SELECT with a column `line`. */
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly format: ExportFormat;
};

/**
 * Reads lines until they come to a page, through a cursor: never more than a page and the records of one fetch, whatever their
 * size.
 *
 * @param runner In a transaction, which the caller ends, and the cursor with it.
 */
export async function readPage(
  runner: Pick<QueryRunner, 'query'>,
  { sql, parameters, format }: Lines,
): Promise<Page> {
  await runner.query(`DECLARE lines NO SCROLL CURSOR FOR SELECT line FROM (${sql}) calls`, [...parameters]);
  const pieces: string[] = [];
  for (let characters = 0; ;) {
    const rows = (await runner.query(`FETCH ${FETCH_RECORDS} FROM lines`)) as { line: string }[];
    const piece = rows.map(({ line }) => line + LINE_END[format]).join('');
    if (piece !== '') pieces.push(piece);
    characters += piece.length;
    if (rows.length < FETCH_RECORDS) return { pieces };
    if (characters >= PAGE_CHARACTERS)
      return { pieces, before: keyOfLine(rows[rows.length - 1].line, format) };
  }
}
