const LONGEST_MINUTES = 15;

/**
 * How long to wait after a failure: nothing for the first ones, then 1, 2, 4, 8 and at most 15 minutes, so that no guesser
 * locks a person out for good.
 *
 * @param failures In a row, this one included.
 * @param free How many cost nothing; the last of them already begins the first delay.
 */
export function delayMinutes(failures: number, free: number): number {
  if (failures < free) return 0;
  return Math.min(LONGEST_MINUTES, 2 ** Math.min(failures - free, 10));
}
