import { NOTICE_KINDS, type Notice } from './notice.js';

const KEY_MAX = 200;
const RECIPIENTS_MAX = 1000;
const VARIABLES_MAX_BYTES = 16_384;
const LINK_MAX = 2000;

/** Mistakes of who sends a notice. @throws {Error} */
export function requireNotice({ kind, key, recipients, variables, link }: Notice): void {
  if (!NOTICE_KINDS.includes(kind)) throw new Error(`No kind of notice '${kind as string}'`);
  if (key === '' || key.length > KEY_MAX)
    throw new Error(`The key of a notice must have 1 to ${KEY_MAX} characters`);
  if (recipients.length > RECIPIENTS_MAX)
    throw new Error(`A notice goes to at most ${RECIPIENTS_MAX} recipients`);
  if (Buffer.byteLength(JSON.stringify(variables)) > VARIABLES_MAX_BYTES)
    throw new Error(`The variables of a notice have at most ${VARIABLES_MAX_BYTES} bytes`);
  if (link !== undefined && !isLink(link))
    throw new Error('The link of a notice must be an http or https URL');
}

function isLink(text: string): boolean {
  return text.length <= LINK_MAX && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
