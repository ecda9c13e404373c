import { Card, Group, SegmentedControl, Table, Text, Title } from '@mantine/core';
import { AreaChart, BarChart } from '@mantine/charts';
import '@mantine/charts/styles.css';
import { useState } from 'react';
import { bilingual } from '../words/bilingual';
import { useWords } from '../words/use-words';
import { numberText } from './time';

export const chartWords = bilingual('chart', {
  chart: ['Chart', '图表'],
  table: ['Table', '表格'],
  nothing: ['No data in this period', '该时段没有数据'],
});

type Series = { readonly name: string; readonly label: string; readonly color: string };
export type ChartCardProps = {
  readonly title: string;
  readonly data: readonly Readonly<Record<string, string | number | null>>[];
  /** Names the points. */
  readonly at: string;
  readonly series: readonly Series[];
  readonly kind?: 'area' | 'bar';
  readonly format?: (value: number) => string;
};

/** Blue and orange: told apart by everybody, and by their lightness in print. */
export const CHART_COLORS = { main: '#1971c2', alarm: '#d9480f', third: '#5f3dc4' } as const;

/** A chart with its table behind it. */
export function ChartCard({ title, data, at, series, kind = 'area', format = numberText }: ChartCardProps) {
  const say = useWords(chartWords);
  const [shown, setShown] = useState('chart');
  const Shape = kind === 'area' ? AreaChart : BarChart;
  return (
    <Card withBorder radius="md">
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h5">
          {title}
        </Title>
        <SegmentedControl
          size="xs"
          aria-label={title}
          value={shown}
          onChange={setShown}
          data={[
            { value: 'chart', label: say('chart') },
            { value: 'table', label: say('table') },
          ]}
        />
      </Group>
      {data.length === 0 && (
        <Text c="dimmed" size="sm">
          {say('nothing')}
        </Text>
      )}
      {data.length > 0 && shown === 'chart' && (
        <div role="img" aria-label={title}>
          <Shape
            h={220}
            data={data as Record<string, string | number>[]}
            dataKey={at}
            series={[...series]}
            withLegend={series.length > 1}
            valueFormatter={format}
            curveType="monotone"
            withDots={data.length < 32}
            gridAxis="y"
            tickLine="none"
          />
        </div>
      )}
      {data.length > 0 && shown === 'table' && (
        <div className="table-frame" tabIndex={0} role="region" aria-label={title} style={{ maxHeight: 260 }}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th />
                {series.map(({ name, label }) => (
                  <Table.Th key={name} ta="right">
                    {label}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.map((line) => (
                <Table.Tr key={String(line[at])}>
                  <Table.Td>{line[at]}</Table.Td>
                  {series.map(({ name }) => (
                    <Table.Td key={name} ta="right">
                      {typeof line[name] === 'number' ? format(line[name]) : '–'}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
    </Card>
  );
}
