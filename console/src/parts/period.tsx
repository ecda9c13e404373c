import { SegmentedControl } from '@mantine/core';
import { common } from '../words/common';
import { useWords } from '../words/use-words';
import { useAddress } from './filters';

/** In days; the first is the reader's today. */
const PERIODS = [1, 7, 30, 90] as const;

/** How many days a page of numbers is about, as its address says. */
export function useDays(): number {
  const [address] = useAddress();
  return PERIODS.find((known) => String(known) === address['days']) ?? 7;
}

/** Lets the reader choose what {@link useDays} gives. */
export function PeriodChoice() {
  const say = useWords(common);
  const [, change] = useAddress();
  return (
    <SegmentedControl
      aria-label={say('period')}
      value={String(useDays())}
      onChange={(value) => change({ days: value })}
      data={PERIODS.map((count) => ({
        value: String(count),
        label: count === 1 ? say('today') : say('days', { count }),
      }))}
    />
  );
}
