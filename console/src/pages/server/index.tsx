import { Alert, Button, Card, Group as Row, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { useGet } from '../../api/queries';
import { useMay } from '../../api/session';
import { Confirm } from '../../parts/confirm';
import { Facts, Figure } from '../../parts/facts';
import { Page, Ready } from '../../parts/page';
import { bytesText, durationText, numberText, percentText, Time } from '../../parts/time';
import { common } from '../../words/common';
import { useWords } from '../../words/use-words';
import { words } from './words';

const EVERY_MS = 30_000;

export function ServerPage() {
  const say = useWords(words);
  const may = useMay();
  const status = useGet('/api/v1/admin/server/status', {}, { refetchInterval: EVERY_MS });
  return (
    <Page title={say('title')} about={say('about')}>
      <Ready of={status}>{(shown) => <Status status={shown} />}</Ready>
      {may('automation.read') && <Replicas />}
      {may('tenants.manage') && <Clock />}
      <Part title={say('doctor')}>
        <Text size="sm">{say('doctor_text')}</Text>
        <Text size="sm" c="dimmed">
          {say('settings')}
        </Text>
      </Part>
    </Page>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Card withBorder radius="md">
      <Stack gap="sm">
        <Title order={2} size="h5">
          {title}
        </Title>
        {children}
      </Stack>
    </Card>
  );
}

function Status({ status }: { readonly status: Schemas['ServerStatusDto'] }) {
  const say = useWords(words);
  const { database, call_log: log, mcp, counts, memory } = status;
  const ok = (isOk: boolean) => say(isOk ? 'ok' : 'not_ok');
  return (
    <>
      <SimpleGrid cols={{ base: 2, md: 4 }}>
        <Figure
          label={say('state')}
          value={say(status.ok ? 'healthy' : 'unhealthy')}
          alarming={!status.ok}
          hint={`${say('version')} ${status.version} · ${say('node')} ${status.node}`}
        />
        <Figure
          label={say('connections')}
          value={numberText(mcp.connections)}
          hint={`${say('sessions')}: ${say('of', { count: numberText(mcp.sessions), max: numberText(mcp.sessions_max) })}`}
        />
        <Figure
          label={say('database')}
          value={database.latency_ms === null ? ok(database.ok) : durationText(database.latency_ms)}
          alarming={!database.ok}
        />
        <Figure
          label={say('memory')}
          value={bytesText(memory.rss_bytes)}
          hint={`${say('uptime')} ${durationText(status.uptime_seconds * 1000)}`}
        />
      </SimpleGrid>
      <Part title={say('checks')}>
        <Facts
          columns={3}
          facts={[
            { label: say('database'), value: ok(database.ok) },
            { label: say('call_log'), value: `${ok(log.ok)} · ${say('queued', { count: log.queued })}` },
            { label: say('started'), value: <Time at={status.started_at} /> },
            ...(counts
              ? [
                  {
                    label: say('groups'),
                    value: say('on_of', { on: counts.enabled_groups, all: counts.groups }),
                  },
                  {
                    label: say('tools'),
                    value: say('on_of', { on: counts.enabled_tools, all: counts.tools }),
                  },
                ]
              : []),
          ]}
        />
      </Part>
    </>
  );
}

function Replicas() {
  const say = useWords(words);
  const shared = useWords(common);
  const dashboard = useGet('/api/v1/admin/registration-automation/dashboard', { query: { days: 1 } });
  return (
    <Part title={say('replicas')}>
      <Ready of={dashboard}>
        {({ system }) => (
          <Table.ScrollContainer minWidth={720}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{shared('name')}</Table.Th>
                  <Table.Th ta="right">{say('cpu')}</Table.Th>
                  <Table.Th ta="right">{say('memory')}</Table.Th>
                  <Table.Th ta="right">{say('delay')}</Table.Th>
                  <Table.Th ta="right">{say('network')}</Table.Th>
                  <Table.Th ta="right">{say('disk')}</Table.Th>
                  <Table.Th>{say('measured')}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {system.replicas.map(({ id, name, resources, measured_at: at }) => (
                  <Table.Tr key={id}>
                    <Table.Td>{name}</Table.Td>
                    <Table.Td ta="right">{percentText(resources?.cpu_share)}</Table.Td>
                    <Table.Td ta="right">{bytesText(resources?.memory_rss_bytes)}</Table.Td>
                    <Table.Td ta="right">{durationText(resources?.event_loop_delay_p99_ms)}</Table.Td>
                    <Table.Td ta="right">
                      {bytesText(resources?.network_received_bytes_per_second)} /{' '}
                      {bytesText(resources?.network_sent_bytes_per_second)}
                    </Table.Td>
                    <Table.Td ta="right">{bytesText(resources?.disk_free_bytes)}</Table.Td>
                    <Table.Td>
                      <Time at={at} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Ready>
    </Part>
  );
}

function Clock() {
  const say = useWords(words);
  const clock = useGet('/api/v1/admin/clock');
  const [isAccepting, setIsAccepting] = useState(false);
  return (
    <Part title={say('clock')}>
      <Ready of={clock}>
        {({ is_ahead: isAhead, now }) => (
          <>
            {isAhead ? (
              <Alert color="orange">{say('clock_ahead')}</Alert>
            ) : (
              <Text size="sm">{say('clock_ok')}</Text>
            )}
            <Row>
              <Time at={now} />
              {isAhead && (
                <Button size="xs" color="red" onClick={() => setIsAccepting(true)}>
                  {say('accept')}
                </Button>
              )}
            </Row>
          </>
        )}
      </Ready>
      {isAccepting && (
        <Confirm
          title={say('accept')}
          text={say('accept_text')}
          doText={say('accept')}
          onClose={() => setIsAccepting(false)}
          onDo={() => dataOf(api.POST('/api/v1/admin/clock/accept'))}
        />
      )}
    </Part>
  );
}
