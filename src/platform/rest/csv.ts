/** What shows nothing and what a spreadsheet may pass over. */
const BLANK = /^[\s\p{C}\p{M}\p{Default_Ignorable_Code_Point}]*/u;
/** What spreadsheets take for the beginning of a formula (OWASP, CSV injection); the last is a minus sign of its own. */
const FORMULA = /^[=+\-@|%\u2212]/;

/** The first line of a file, after a byte order mark where one is asked for: by that Excel knows UTF-8. */
export function csvBeginning(header: string, bom: boolean | undefined): string {
  return bom === true ? `\uFEFF${header}` : header;
}

/** A cell that no spreadsheet runs: what looks like a formula gets an apostrophe in front. */
export function toCsvCell(value: string | object | null): string {
  if (value === null) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `"${(isFormula(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
}

/** Full-width and small signs are read as the plain ones. */
function isFormula(text: string): boolean {
  const [blank = ''] = BLANK.exec(text) ?? [];
  const [first = ''] = text.slice(blank.length, blank.length + 2).normalize('NFKC');
  return /[\t\r\n]/.test(blank) || FORMULA.test(first);
}
