import { domainToASCII, domainToUnicode } from 'node:url';

/**
 * Signs that nobody sees and that copying brings along (zero-width spaces, marks of direction, soft hyphens): RFC 8264, section 9.13,
 * allows none of them in what identifies. The two joiners stay, which some scripts need.
 */
const UNSEEN = /(?![\u200c\u200d])\p{Default_Ignorable_Code_Point}/gu;
/** Full-width and half-width forms, as keyboards of East Asia type them. */
const WIDE = /[\u3000\uff01-\uffee]/gu;

/**
 * Writes a password in the one way that all keyboards and systems agree on (RFC 8265, OpaqueString): a Mac may send `é` as two
 * characters where a phone sends one. Nothing else of it is changed.
 */
export function toOpaque(text: string): string {
  return text.replace(/\p{Zs}/gu, ' ').normalize('NFC');
}

/** Writes a username in the one way it is known by (RFC 8265, UsernameCaseMapped). Does not say whether it is one. */
export function toUsername(text: string): string {
  return text
    .replace(UNSEEN, '')
    .trim()
    .replace(WIDE, (sign) => sign.normalize('NFKC'))
    .toLowerCase()
    .normalize('NFC');
}

/** Writes a name that people are to find again in one way: composed, with plain spaces, none around it. */
export function toName(text: string): string {
  return toOpaque(text).trim();
}

/** Writes a domain as DNS and every mail server know it (IDNA, UTS 46); what is none stays. */
export function toDomain(text: string): string {
  const plain = toUsername(text);
  return isAscii(plain) ? plain : domainToASCII(plain) || plain;
}

/** Writes an e-mail address in the one way it is known by. Does not say whether it is one. */
export function toAddress(text: string): string {
  const plain = toUsername(text);
  const at = plain.lastIndexOf('@');
  return at < 0 ? plain : `${plain.slice(0, at)}@${toDomain(plain.slice(at + 1))}`;
}

/** All ways in which an address may be on file, the likeliest first: rows from before {@link toAddress} have what was typed then. */
export function addressForms(text: string): string[] {
  const address = toAddress(text);
  const at = address.lastIndexOf('@') + 1;
  const readable = `${address.slice(0, at)}${domainToUnicode(address.slice(at))}`;
  return [...new Set([text.trim().toLowerCase(), address, ...(readable.length > at ? [readable] : [])])];
}

function isAscii(text: string): boolean {
  return /^\p{ASCII}*$/u.test(text);
}
