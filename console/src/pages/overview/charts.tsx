import { SimpleGrid } from '@mantine/core';
import { useGet } from '../../api/queries';
import { CHART_COLORS, ChartCard } from '../../parts/chart';
import { durationText } from '../../parts/time';
import { language, useWords } from '../../words/use-words';
import { pointsOf } from './period';
import { words } from './words';

type ChartsProps = { readonly days: number; readonly period: { readonly from: string; readonly to: string } };

/** A point an hour on short periods, one a day on long ones. */
export function Charts({ days, period }: ChartsProps) {
  const say = useWords(words);
  const by = days <= 2 ? 'hour' : 'day';
  const sums = useGet('/api/v1/admin/call-logs/statistics', { query: { by, ...period } });
  const locale = language() === 'zh' ? 'zh-CN' : undefined;
  const nameOf = (at: Date) =>
    by === 'hour'
      ? at.toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' })
      : at.toLocaleDateString(locale, { month: 'short', day: 'numeric', timeZone: 'UTC' });
  const lines = new Map((sums.data?.lines ?? []).map((line) => [Date.parse(line.key ?? ''), line]));
  const data = sums.data
    ? pointsOf(by, period).map((at) => {
        const { calls = 0, errors = 0, p95_ms: p95 = null } = lines.get(at) ?? {};
        return { at: nameOf(new Date(at)), calls, errors, p95 };
      })
    : [];
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }}>
      <ChartCard
        title={say('over_time')}
        data={data}
        at="at"
        series={[
          { name: 'calls', label: say('calls'), color: CHART_COLORS.main },
          { name: 'errors', label: say('errors'), color: CHART_COLORS.alarm },
        ]}
      />
      <ChartCard
        title={say('latency')}
        data={data}
        at="at"
        series={[{ name: 'p95', label: say('p95'), color: CHART_COLORS.third }]}
        format={durationText}
      />
    </SimpleGrid>
  );
}
