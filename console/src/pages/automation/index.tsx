import { Badge, Button, Card, SimpleGrid, Table, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Schemas } from '../../api/client';
import { useGet } from '../../api/queries';
import { CHART_COLORS, ChartCard } from '../../parts/chart';
import { Figure } from '../../parts/facts';
import { Page, Ready } from '../../parts/page';
import { PeriodChoice, useDays } from '../../parts/period';
import { durationText, numberText, percentText, Time } from '../../parts/time';
import { useWords } from '../../words/use-words';
import { words } from './words';

type Dashboard = Schemas['DashboardDto'];
const TARGETS: Readonly<Record<Schemas['TargetDto']['name'], keyof typeof words.words>> = {
  'runs.success_rate': 'target_runs_success',
  'runs.average_ms': 'target_runs_ms',
  'mcp.quick_ok_rate': 'target_mcp',
  'agents.answer_rate': 'target_agents',
  'notifications.delivery_rate': 'target_notices',
  'first_response.median_seconds': 'target_first',
  'conversion.rate': 'target_conversion',
  'claims.median_seconds': 'target_claims',
};
const RESULT_COLOR = { met: 'teal', missed: 'red', no_data: 'gray' } as const;

export function AutomationPage() {
  const say = useWords(words);
  const days = useDays();
  const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const dashboard = useGet('/api/v1/admin/registration-automation/dashboard', {
    query: { days, time_zone: timeZone },
  });
  return (
    <Page
      title={say('title')}
      about={say('about')}
      actions={
        <>
          <PeriodChoice />
          <Button component={Link} to="/automation/runs" variant="default">
            {say('to_runs')}
          </Button>
          <Button component={Link} to="/automation/settings" variant="default">
            {say('to_settings')}
          </Button>
        </>
      }
    >
      <Ready of={dashboard}>{(shown) => <Shown shown={shown} />}</Ready>
    </Page>
  );
}

function Shown({ shown }: { readonly shown: Dashboard }) {
  const say = useWords(words);
  const { runs, conversion } = shown;
  const series = [
    { name: 'registrations', label: say('registrations'), color: CHART_COLORS.third },
    { name: 'done', label: say('done'), color: CHART_COLORS.main },
    { name: 'failed', label: say('failed'), color: CHART_COLORS.alarm },
  ];
  return (
    <>
      <SimpleGrid cols={{ base: 2, md: 5 }}>
        <Figure label={say('registrations')} value={numberText(runs.registrations)} />
        <Figure
          label={say('runs')}
          value={numberText(runs.runs)}
          to="/automation/runs"
          hint={`${numberText(runs.failed)} ${say('failed')} · ${numberText(runs.skipped)} ${say('skipped')}`}
        />
        <Figure label={say('success')} value={percentText(runs.success_rate)} />
        <Figure
          label={say('average')}
          value={durationText(runs.average_ms)}
          hint={`p95 ${durationText(runs.p95_ms)}`}
        />
        <Figure label={say('wrote')} value={percentText(conversion.rate)} />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        <ChartCard
          title={say('trend')}
          at="date"
          data={shown.by_day.map(({ date, registrations, done, failed }) => ({
            date,
            registrations,
            done,
            failed,
          }))}
          series={series}
        />
        <ChartCard
          title={say('hours')}
          at="clock"
          kind="bar"
          data={shown.by_hour_today.map(({ clock, registrations, done, failed }) => ({
            clock,
            registrations,
            done,
            failed,
          }))}
          series={series}
        />
        <Targets targets={shown.targets} />
        <Steps steps={shown.steps} />
        <Agents versions={shown.agents.versions} />
        <Errors errors={shown.errors} />
      </SimpleGrid>
    </>
  );
}

type Cells = readonly { readonly key: string; readonly cells: readonly ReactNode[] }[];

function Sheet({
  title,
  heads,
  lines,
  empty,
}: {
  readonly title: string;
  readonly heads: readonly string[];
  readonly lines: Cells;
  readonly empty?: string;
}) {
  return (
    <Card withBorder radius="md">
      <Title order={2} size="h5" mb="xs">
        {title}
      </Title>
      {lines.length === 0 ? (
        <Text size="sm" c="dimmed">
          {empty ?? '–'}
        </Text>
      ) : (
        <Table.ScrollContainer minWidth={380}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                {heads.map((head) => (
                  <Table.Th key={head}>{head}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {lines.map(({ key, cells }) => (
                <Table.Tr key={key}>
                  {cells.map((cell, place) => (
                    <Table.Td key={heads[place]} className="wrap-any">
                      {cell}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Card>
  );
}

function Targets({ targets }: { readonly targets: Dashboard['targets'] }) {
  const say = useWords(words);
  return (
    <Sheet
      title={say('targets')}
      heads={[say('target'), say('value'), say('result')]}
      lines={targets.map(({ name, must_be: must, target, value, result }) => ({
        key: name,
        cells: [
          `${say(TARGETS[name])} ${must === 'at_least' ? '≥' : '≤'} ${inWords(name, target)}`,
          inWords(name, value),
          <Badge key="r" variant="light" tt="none" color={RESULT_COLOR[result]}>
            {say(result)}
          </Badge>,
        ],
      }))}
    />
  );
}

function Steps({ steps }: { readonly steps: Dashboard['steps'] }) {
  const say = useWords(words);
  return (
    <Sheet
      title={say('funnel')}
      heads={[say('funnel'), say('done'), say('failed'), say('rate'), say('time')]}
      lines={steps.map(({ name, done, failed, success_rate: rate, p95_ms: p95 }) => ({
        key: name,
        cells: [
          say(`step_${name}`),
          numberText(done),
          numberText(failed),
          percentText(rate),
          durationText(p95),
        ],
      }))}
    />
  );
}

function Agents({ versions }: { readonly versions: Dashboard['agents']['versions'] }) {
  const say = useWords(words);
  return (
    <Sheet
      title={say('agents')}
      heads={[say('agent'), say('requests'), say('rate'), say('time')]}
      lines={versions.map((version) => ({
        key: version.version_id,
        cells: [
          `${version.agent_name ?? version.agent_id} · ${version.version_label ?? ''}`,
          numberText(version.requests),
          percentText(version.request_success_rate),
          durationText(version.p95_ms),
        ],
      }))}
    />
  );
}

function Errors({ errors }: { readonly errors: Dashboard['errors'] }) {
  const say = useWords(words);
  return (
    <Sheet
      title={say('errors')}
      empty={say('no_errors')}
      heads={[say('error_kind'), say('count'), say('latest')]}
      lines={errors.map(
        ({ source, kind, place, count, last_at: at, last_message: message, example_run_id: run }) => ({
          key: `${source} ${kind} ${place}`,
          cells: [
            `${kind} ${place ?? ''}`,
            numberText(count),
            <Text key="m" size="sm" className="wrap-any">
              <Time at={at} /> {message}{' '}
              {run && (
                <Link to="/automation/runs" search={{ id: run }}>
                  {say('to_runs')}
                </Link>
              )}
            </Text>,
          ],
        }),
      )}
    />
  );
}

function inWords(name: string, value: number | null): string {
  return name.endsWith('rate') ? percentText(value) : numberText(value, 1);
}
