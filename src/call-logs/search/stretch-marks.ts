import { durationTraits, type Markable, markerOf, pairsOf, traitsOf } from './marks.js';
import { eachWord } from './words.js';

/** Parts of a stretch that are told apart: a bit of a `smallint` for each. */
const PARTS = 16;

/** A record of a stretch. */
export type Row = Markable & { readonly text: string };

/** Collects what the guide says of a stretch: which marks occur in it, and in which sixteenths. */
export class StretchMarks {
  private readonly places = new Map<number, number>();
  private readonly combinations = new Map<string, { readonly traits: readonly string[]; places: number }>();
  private readonly mark: (what: string) => number;

  /** @param count Records of the stretch. */
  constructor(
    tenantId: string,
    private readonly count: number,
  ) {
    this.mark = markerOf(tenantId);
  }

  /** @param position Of the record in the order of time, from 0. */
  add(position: number, row: Row): void {
    const place = 1 << this.partOf(position);
    eachWord(row.text, (word) => this.put(word, place));
    const traits = [...traitsOf(row), ...durationTraits(row.durationMs)];
    const key = traits.join('\n');
    const known = this.combinations.get(key);
    if (known) known.places |= place;
    else this.combinations.set(key, { traits, places: place });
  }

  /** As the columns have it: marks in order, with the places of each at the same index. */
  result(): { readonly marks: readonly number[]; readonly places: readonly number[] } {
    for (const { traits, places } of this.combinations.values())
      for (const what of pairsOf(traits)) this.put(what, places);
    const marks = [...this.places.keys()].toSorted((a, b) => a - b);
    return { marks, places: marks.map((mark) => ((this.places.get(mark) ?? 0) << 16) >> 16) }; // as a smallint has a sign
  }

  /** When each sixteenth begins. Of a short stretch there are fewer. */
  startsOf(timesMs: readonly number[]): number[] {
    return timesMs.filter((_time, at) => at === 0 || this.partOf(at) !== this.partOf(at - 1));
  }

  private partOf(position: number): number {
    return this.count <= PARTS ? position : Math.floor((position * PARTS) / this.count);
  }

  private put(what: string, place: number): void {
    const mark = this.mark(what);
    this.places.set(mark, (this.places.get(mark) ?? 0) | place);
  }
}
