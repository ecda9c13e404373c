/** What spreadsheets take for the beginning of a formula, also behind spaces and full-width (OWASP, CSV injection). */
const FORMULA = /^\s*[=+\-@\t\r\n|%＝＋－＠]/;

/** The first line of a file, after a byte order mark where one is asked for: by that Excel knows UTF-8. */
export function csvBeginning(header: string, bom: boolean | undefined): string {
  return bom === true ? `\uFEFF${header}` : header;
}

/** A cell that no spreadsheet runs: what looks like a formula gets an apostrophe in front. */
export function toCsvCell(value: string | object | null): string {
  if (value === null) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `"${(FORMULA.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
}
