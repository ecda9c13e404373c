import { relative, sep } from 'node:path';

const LISTED = 20;

/** Notes how long each spec file takes, and how much of it passes before its first test begins. */
export class FileTimes {
  #firstTestAt = new Map();
  #times = new Map();

  constructor(root) {
    this.root = root;
  }

  began(path, atMs) {
    if (!this.#firstTestAt.has(path)) this.#firstTestAt.set(path, atMs);
  }

  ended(path, { loadTestEnvironmentStart: start, end }) {
    const first = this.#firstTestAt.get(path) ?? end;
    const name = relative(this.root, path).replaceAll(sep, '/');
    this.#times.set(name, { seconds: toSeconds(end - start), before_first_test: toSeconds(first - start) });
  }

  get size() {
    return this.#times.size;
  }

  /** One line for each of the slowest files. */
  slowest() {
    const files = [...this.#times].toSorted(([, one], [, other]) => other.seconds - one.seconds);
    const lines = files.slice(0, LISTED).map(([name, { seconds, before_first_test: before }]) => {
      const columns = [seconds, before].map((value) => value.toFixed(1).padStart(7));
      return `${columns.join(' ')}  ${name}`;
    });
    return ['seconds, of these before the first test:', ...lines].join('\n');
  }

  /** JSON with a file on each line, so that a change of one is a change of one line. */
  toJson() {
    const files = [...this.#times].toSorted(([one], [other]) => (one < other ? -1 : 1));
    const lines = files.map(
      ([name, { seconds, before_first_test: before }]) =>
        `  ${JSON.stringify(name)}: { "seconds": ${seconds}, "before_first_test": ${before} }`,
    );
    return `{\n${lines.join(',\n')}\n}\n`;
  }
}

function toSeconds(ms) {
  return Math.round(ms / 100) / 10;
}
