/** Picks which of the values that may be tried in a field are tried; the likeliest come first. */
export type Choice = <Value>(values: readonly Value[]) => readonly Value[];

/** Tries them all. */
export const EVERY_VALUE: Choice = (values) => values;

/**
 * Tries the likeliest value in each field and one of the others: the next one for the next number, so that as many runs with
 * numbers in a row as there are values try them all.
 */
export function everyFewValues(number: number): Choice {
  let fields = 0;
  return (values) => {
    const [likeliest, ...others] = values;
    fields += 1;
    const other = others[(number + fields) % Math.max(1, others.length)];
    return [likeliest, other].filter((value) => value !== undefined);
  };
}
