import { Alert, Button, SimpleGrid, Stack } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Rocket } from 'lucide-react';
import { lazy, Suspense, useMemo } from 'react';
import { useGet } from '../../api/queries';
import { useMay } from '../../api/session';
import { Figure } from '../../parts/facts';
import { Bones, Page } from '../../parts/page';
import { PeriodChoice, useDays } from '../../parts/period';
import { Ranking } from '../../parts/ranking';
import { durationText, numberText, percentText, timeText } from '../../parts/time';
import { common } from '../../words/common';
import { useWords } from '../../words/use-words';
import { words } from './words';
import { periodOf } from './period';

const Charts = lazy(async () => ({ default: (await import('./charts')).Charts }));
const SHOWN = 6;

/** How it goes: numbers from roll-ups, each leading to what it counts. */
export function OverviewPage() {
  const say = useWords(words);
  const may = useMay();
  const days = useDays();
  return (
    <Page title={say('title')} actions={<PeriodChoice />}>
      {may('calls.read') ? <Calls days={days} /> : <Health />}
    </Page>
  );
}

function Calls({ days }: { readonly days: number }) {
  const say = useWords(words);
  const shared = useWords(common);
  const may = useMay();
  const period = useMemo(() => periodOf(days, new Date()), [days]);
  const sum = useGet('/api/v1/admin/call-logs/statistics', { query: { by: 'none', ...period } });
  const tools = useGet('/api/v1/admin/call-logs/statistics', { query: { by: 'tool', ...period } });
  const apps = useGet('/api/v1/admin/call-logs/statistics', { query: { by: 'app', ...period } });
  const latest = useGet('/api/v1/admin/call-logs', { query: { limit: 1 } });
  const line = sum.data?.lines[0];
  const link = { from: period.from };
  const busiest = (
    lines: readonly { key: string | null; calls: number; errors: number; error_rate: number }[] = [],
    name: 'tool' | 'caller_app_id',
  ) =>
    lines
      .toSorted((one, other) => other.calls - one.calls)
      .slice(0, SHOWN)
      .map(({ key, calls, errors, error_rate: rate }) => ({
        key: key ?? '',
        name: key || shared('none'),
        value: calls,
        note: errors > 0 ? say('errors_of', { text: percentText(rate) }) : '',
        to: '/calls',
        search: key ? { ...link, [name]: key } : link,
      }));
  return (
    <Stack>
      {latest.data?.length === 0 && (
        <Alert color="cyan" icon={<Rocket size={18} />} title={say('hello')}>
          <Stack gap="xs" align="flex-start">
            {say('hello_text')}
            {may('groups.write') && (
              <Button size="xs" component={Link} to="/start">
                {say('begin')}
              </Button>
            )}
          </Stack>
        </Alert>
      )}
      <SimpleGrid cols={{ base: 2, md: 4 }}>
        <Figure
          label={say('calls')}
          value={numberText(line?.calls ?? 0)}
          to="/calls"
          search={link}
          hint={sum.data && say('as_of', { when: timeText(sum.data.as_of) })}
        />
        <Figure
          label={say('errors')}
          value={numberText(line?.errors ?? 0)}
          to="/calls"
          search={{ ...link, success: 'false' }}
          alarming={(line?.errors ?? 0) > 0}
        />
        <Figure label={say('error_rate')} value={percentText(line?.error_rate ?? null)} />
        <Figure
          label={say('p95')}
          value={durationText(line?.p95_ms)}
          hint={say('p50', { text: durationText(line?.p50_ms) })}
        />
      </SimpleGrid>
      <Health />
      <Suspense fallback={<Bones />}>
        <Charts days={days} period={period} />
      </Suspense>
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        <Ranking
          title={say('busiest_tools')}
          lines={busiest(tools.data?.lines, 'tool')}
          empty={say('no_calls')}
        />
        <Ranking
          title={say('busiest_callers')}
          lines={busiest(apps.data?.lines, 'caller_app_id')}
          empty={say('no_calls')}
        />
      </SimpleGrid>
    </Stack>
  );
}

function Health() {
  const say = useWords(words);
  const may = useMay();
  const alerts = useGet(
    '/api/v1/admin/alerts',
    { query: { open: true, limit: 200 } },
    { enabled: may('alerts.read') },
  );
  const jobs = useGet('/api/v1/admin/jobs/metrics', {}, { enabled: may('jobs.read') });
  const status = useGet(
    '/api/v1/admin/server/status',
    {},
    { enabled: may('status.read'), refetchInterval: 30_000 },
  );
  const circuits = useGet('/api/v1/admin/circuits', {}, { enabled: may('tools.read') });
  const agents = useGet('/api/v1/admin/agents', { query: { limit: 200 } }, { enabled: may('agents.read') });
  const total = (name: 'dead' | 'queued' | 'running') =>
    (jobs.data ?? []).reduce((sum, line) => sum + line[name], 0);
  const down = (agents.data ?? []).filter(({ versions }) =>
    versions.some((version) => version.open_circuits.length > 0),
  ).length;
  return (
    <SimpleGrid cols={{ base: 2, md: 5 }}>
      {may('status.read') && status.data && (
        <Figure
          label={say('server')}
          value={say(status.data.ok ? 'server_ok' : 'server_bad')}
          alarming={!status.data.ok}
          to="/server"
          hint={say('connections', { count: status.data.mcp.connections })}
        />
      )}
      {may('alerts.read') && (
        <Figure
          label={say('alerts')}
          value={numberText(alerts.data?.length ?? 0)}
          alarming={(alerts.data?.length ?? 0) > 0}
          to="/alerts"
          search={{ open: 'true' }}
        />
      )}
      {may('jobs.read') && (
        <Figure
          label={say('dead_jobs')}
          value={numberText(total('dead'))}
          alarming={total('dead') > 0}
          to="/jobs"
          search={{ state: 'dead' }}
          hint={say('waiting_jobs', {
            count: numberText(total('queued')),
            running: numberText(total('running')),
          })}
        />
      )}
      {may('tools.read') && (
        <Figure
          label={say('circuits')}
          value={numberText(circuits.data?.length ?? 0)}
          alarming={(circuits.data?.length ?? 0) > 0}
          to="/tools"
        />
      )}
      {may('agents.read') && (
        <Figure label={say('agents_down')} value={numberText(down)} alarming={down > 0} to="/agents" />
      )}
    </SimpleGrid>
  );
}
