import type { Answer } from './http.js';
import { excerptOf } from '../../platform/cut-text.js';

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g;
const NUMBER_BY_NAME = /("(\w+)"\s*:\s*)[\d.]+/g;
/** Names of what is measured, so different each time. */
const MEASURED = /_ms$|durationMs$|uptime|rss|bytes$/;

/** Something of the victim's that an answer to the attacker held, or that the attacker could tell from an answer. */
export type Finding = {
  /** The operation, method or tool that was attacked. */
  readonly where: string;
  /** What was tried. */
  readonly attack: string;
  readonly problem: string;
};

/** What the service adds to a username that it makes of an address that was sent. */
const MADE_UNIQUE = /-[0-9a-f]{8}$/;

/** A name, an address or a code: what a marker stands in. */
const WORD_BREAK = /[^\w@.+-]+/;

type VictimsOwn = {
  /** In the victim's names, addresses and codes, which the attacker may know and send. */
  readonly marker: string;
  /** In the victim's contents; keys and tokens. The attacker sends them nowhere. */
  readonly secrets: readonly string[];
  /** Of all rows of the victim. */
  readonly ids: ReadonlySet<string>;
};

/** Knows what is the victim's alone, and looks for it in what the attacker gets. */
export class LeakDetector {
  /** Words that the attacker sent and may have stored, so that they are the attacker's now. */
  private readonly knownWords = new Set<string>();

  constructor(private readonly victims: VictimsOwn) {}

  /** The attacker is about to send this. */
  noteSent(value: string): void {
    for (const word of value.toLowerCase().split(WORD_BREAK)) {
      this.knownWords.add(word);
      const [beforeAt = ''] = word.split('@'); // a username may be made of it
      if (beforeAt !== this.victims.marker) this.knownWords.add(beforeAt);
    }
  }

  /** What the text gives away, in words; null: nothing. What was sent may come back. */
  find(text: string, sent = ''): string | null {
    const lower = text.toLowerCase();
    const said = sent.toLowerCase();
    const secret = this.victims.secrets.find((known) => lower.includes(known.toLowerCase()));
    if (secret !== undefined) {
      return `the answer holds what is the other tenant's: …${around(text, lower.indexOf(secret.toLowerCase()))}…`;
    }
    const isNews = (found: string) =>
      [found, found.replace(MADE_UNIQUE, '')].every((word) => !said.includes(word) && !this.isKnown(word));
    const words = lower.split(WORD_BREAK).filter((word) => word.includes(this.victims.marker));
    const name = words.find(isNews);
    if (name !== undefined) return `the answer holds a name of the other tenant: ${name}`;
    const id = (lower.match(UUID) ?? []).find((found) => this.victims.ids.has(found) && isNews(found));
    return id === undefined ? null : `the answer holds an id of the other tenant: ${id}`;
  }

  /** Sent, as it is or below the path of a field: `groups.g-mark…`. The bare marker stands in any name, so it proves nothing. */
  private isKnown(word: string): boolean {
    if (this.knownWords.has(word) || this.knownWords.has(word.replace(/-[0-9a-f]{8}$/, ''))) return true;
    const last = word.slice(word.lastIndexOf('.') + 1);
    return last !== this.victims.marker && this.knownWords.has(last);
  }
}

function around(text: string, at: number): string {
  return excerptOf(text, Math.max(0, at - 40), at + 40).replaceAll(/\s+/g, ' ');
}

/** The words of an answer without what differs from one request to the next. Some tools repeat a choice in lower case. */
export function wordsOf(answer: Answer, sentValues: readonly string[]): string {
  const text = sentValues
    .filter((value) => value !== '')
    .flatMap((value) => [value, value.toLowerCase()])
    .reduce((rest, value) => rest.replaceAll(value, 'SENT'), answer.text)
    .replaceAll(UUID, 'ID')
    .replaceAll(TIME, 'TIME')
    .replaceAll(NUMBER_BY_NAME, (whole, before: string, name: string) =>
      MEASURED.test(name) ? `${before}N` : whole,
    )
    .replaceAll(/under [0-9a-f]{8}\b/g, 'under ID');
  return `${answer.status} ${answer.headers.get('content-type') ?? ''} ${text}`;
}
