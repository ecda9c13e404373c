// Numbers of one measurement
export function round(value, digits = 1) {
  return Number(value.toFixed(digits));
}

/** `sorted` rises; null of nothing. */
export function percentile(sorted, fraction) {
  if (sorted.length === 0) return null;
  return round(sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * fraction) - 1)], 3);
}

/** Grows without an object per value: a run holds millions. */
export class Samples {
  #values = new Float64Array(1 << 16);
  #count = 0;

  add(value) {
    if (this.#count === this.#values.length) {
      const grown = new Float64Array(this.#count * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#count++] = value;
  }

  sorted() {
    return this.#values.slice(0, this.#count).sort();
  }
}

/** Counts by kind, with the first message of each. */
export class Errors {
  counts = {};
  samples = {};
  total = 0;

  add(error) {
    const kind = error.kind ?? error.code ?? error.message;
    this.total++;
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    this.samples[kind] ??= error.message;
  }
}

/** The middle one; of an even count the upper of the two. */
export function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}
