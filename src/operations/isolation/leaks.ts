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

/** In words; null: nothing. Doubts are the victim's words that the attacker sent at another time, so they may be the attacker's by now. */
export type Found = { readonly leak: string | null; readonly doubts: readonly string[] };

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

  /** What the text gives away. What was sent with the same request may come back. */
  find(text: string, sent = ''): Found {
    const lower = text.toLowerCase();
    const said = sent.toLowerCase();
    const secret = this.victims.secrets.find((known) => lower.includes(known.toLowerCase()));
    if (secret !== undefined) {
      const place = around(text, lower.indexOf(secret.toLowerCase()));
      return { leak: `the answer holds what is the other tenant's: …${place}…`, doubts: [] };
    }
    const isSaid = (found: string) => this.formsOf(found).some((form) => said.includes(form));
    const words = lower
      .split(WORD_BREAK)
      .filter((word) => word.includes(this.victims.marker) && !isSaid(word));
    const ids = (lower.match(UUID) ?? []).filter((id) => this.victims.ids.has(id) && !isSaid(id));
    const name = words.find((word) => !this.isKnown(word));
    if (name !== undefined)
      return { leak: `the answer holds a name of the other tenant: ${name}`, doubts: [] };
    const id = ids.find((found) => !this.isKnown(found));
    if (id !== undefined) return { leak: `the answer holds an id of the other tenant: ${id}`, doubts: [] };
    return { leak: null, doubts: [...new Set([...words, ...ids])] };
  }

  private isKnown(word: string): boolean {
    return this.formsOf(word).some((form) => this.knownWords.has(form));
  }

  /**
   * A word as it is, without what makes it unique, and without the path of a field before it: `groups.g-mark…`. The bare marker
   * stands in any name, so it proves nothing.
   */
  private formsOf(word: string): string[] {
    const last = word.slice(word.lastIndexOf('.') + 1);
    return [word, word.replace(MADE_UNIQUE, ''), ...(last === this.victims.marker ? [] : [last])];
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
