import type { JsonObject } from '../../tools/tool-definition.js';

/** Tells an agent how to give a file. */
export const FILE =
  'A file: its text, or `data:<media type>;base64,<bytes>`, or the handle of a kept result (`result_…`).';

/** Whether a schema means bytes, as 2.0, 3.0 and 3.1 say it. */
export function isFileSchema(schema: JsonObject): boolean {
  const { type, format, contentEncoding, contentMediaType } = schema;
  if (type === 'file') return true;
  if (type !== undefined && type !== 'string') return false;
  if (format === 'binary') return true;
  return (
    typeof contentMediaType === 'string' && contentEncoding === undefined && !/json/.test(contentMediaType)
  );
}
