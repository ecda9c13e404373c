import { Button, Group as Row, Progress, Stack, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { useGet, useList } from '../../api/queries';
import { useMay } from '../../api/session';
import { useAct } from '../../parts/act';
import { StateBadge } from '../../parts/badges';
import { Collection } from '../../parts/collection';
import { Confirm } from '../../parts/confirm';
import type { Column } from '../../parts/data-table';
import { Facts } from '../../parts/facts';
import { onlyThese, useAddress } from '../../parts/filters';
import { Json } from '../../parts/json';
import { Ready } from '../../parts/page';
import { Side } from '../../parts/side';
import { durationText, Time } from '../../parts/time';
import { common } from '../../words/common';
import { states } from '../../words/states';
import { useWords } from '../../words/use-words';
import { Plans } from './plans';
import { words } from './words';

type Job = Schemas['JobDto'];
const STATES = ['queued', 'running', 'done', 'dead', 'cancelled'] as const;

export function JobsPage() {
  const say = useWords(words);
  const shared = useWords(common);
  const state = useWords(states);
  const may = useMay();
  const [address, change] = useAddress();
  const [isPurging, setIsPurging] = useState(false);
  const [isPlanning, setIsPlanning] = useState(false);
  const metrics = useGet('/api/v1/admin/jobs/metrics');
  const list = useList('/api/v1/admin/jobs', { query: onlyThese(address, ['state', 'kind']) as object });
  const columns: Column<Job>[] = [
    { key: 'kind', title: say('kind'), cell: ({ kind }) => kind },
    { key: 'state', title: shared('state'), cell: ({ state: now }) => <StateBadge state={now} /> },
    { key: 'attempts', title: say('attempts'), end: true, cell: ({ attempts }) => attempts },
    { key: 'run', title: say('run_at'), cell: ({ run_at }) => <Time at={run_at} /> },
    { key: 'error', title: say('error'), cell: ({ last_error }) => last_error ?? '–' },
  ];
  const kinds = (metrics.data ?? []).map(({ kind }) => ({ value: kind, label: kind }));
  const id = address['id'];
  return (
    <>
      <Collection
        title={say('title')}
        about={say('about')}
        emptyText={say('empty')}
        actions={
          <>
            <Button variant="default" onClick={() => setIsPlanning(true)}>
              {say('plans')}
            </Button>
            {may('jobs.write') && (
              <Button variant="light" color="red" onClick={() => setIsPurging(true)}>
                {say('purge')}
              </Button>
            )}
          </>
        }
        list={list}
        columns={columns}
        idOf={(job) => job.id}
        filters={[
          {
            name: 'state',
            label: shared('state'),
            kind: 'choice',
            options: STATES.map((value) => ({ value, label: state(value) })),
          },
          { name: 'kind', label: say('kind'), kind: 'choice', options: kinds },
        ]}
        detail={{ title: ({ kind }) => kind, show: (job) => <Detail id={job.id} /> }}
      >
        <Numbers />
      </Collection>
      {id && !list.isLoading && !list.items.some((job) => job.id === id) && (
        <Side title={say('title')} onClose={() => change({ id: undefined })}>
          <Detail id={id} />
        </Side>
      )}
      {isPlanning && <Plans onClose={() => setIsPlanning(false)} />}
      {isPurging && (
        <Confirm
          title={say('purge')}
          text={say('purge_text')}
          doText={say('purge')}
          onClose={() => setIsPurging(false)}
          onDo={() =>
            dataOf(
              api.POST('/api/v1/admin/jobs/purge', {
                body: address['kind'] ? { kind: address['kind'] } : {},
              }),
            )
          }
        />
      )}
    </>
  );
}

function Numbers() {
  const say = useWords(words);
  const metrics = useGet('/api/v1/admin/jobs/metrics');
  const busy = (metrics.data ?? []).filter(({ queued, running, dead }) => queued + running + dead > 0);
  if (busy.length === 0) return null;
  return (
    <Table.ScrollContainer minWidth={560}>
      <Table withTableBorder bg="var(--mantine-color-body)">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{say('numbers')}</Table.Th>
            <Table.Th ta="right">{say('waiting')}</Table.Th>
            <Table.Th ta="right">{say('due')}</Table.Th>
            <Table.Th ta="right">{say('running')}</Table.Th>
            <Table.Th ta="right">{say('dead')}</Table.Th>
            <Table.Th ta="right">{say('oldest')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {busy.map((line) => (
            <Table.Tr key={line.kind}>
              <Table.Td>{line.kind}</Table.Td>
              <Table.Td ta="right">{line.queued}</Table.Td>
              <Table.Td ta="right">{line.due}</Table.Td>
              <Table.Td ta="right">{line.running}</Table.Td>
              <Table.Td ta="right">{line.dead}</Table.Td>
              <Table.Td ta="right">
                {line.oldest_due_seconds === null ? '–' : durationText(line.oldest_due_seconds * 1000)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Detail({ id }: { readonly id: string }) {
  const job = useGet('/api/v1/admin/jobs/{id}', { path: { id } });
  return <Ready of={job}>{(shown) => <Shown job={shown} />}</Ready>;
}

function Shown({ job }: { readonly job: Schemas['JobDetailDto'] }) {
  const say = useWords(words);
  const shared = useWords(common);
  const may = useMay();
  const { act, isBusy } = useAct();
  const [isCancelling, setIsCancelling] = useState(false);
  const params = { path: { id: job.id } };
  const canEnd = job.state === 'queued' || job.state === 'running';
  return (
    <Stack>
      <Facts
        facts={[
          { label: shared('state'), value: <StateBadge state={job.state} /> },
          { label: say('attempts'), value: job.attempts },
          { label: say('run_at'), value: <Time at={job.run_at} /> },
          { label: say('replica'), value: job.replica ?? '–' },
        ]}
      />
      {job.progress?.total && (
        <Progress value={(job.progress.done / job.progress.total) * 100} aria-label={say('progress')} />
      )}
      {job.last_error && (
        <Text c="var(--mantine-color-error)" className="wrap-any">
          {job.last_error}
        </Text>
      )}
      {may('jobs.write') && (
        <Row gap="xs">
          {!canEnd && (
            <Button
              size="xs"
              loading={isBusy}
              onClick={() =>
                void act(() => dataOf(api.POST('/api/v1/admin/jobs/{id}/retry', { params })), shared('done'))
              }
            >
              {say('retry')}
            </Button>
          )}
          {canEnd && (
            <Button size="xs" color="red" variant="light" onClick={() => setIsCancelling(true)}>
              {say('cancel')}
            </Button>
          )}
        </Row>
      )}
      {job.attempt_list.length > 0 && (
        <div>
          <Text size="sm" fw={600}>
            {say('attempt_list')}
          </Text>
          {job.attempt_list.map((attempt) => (
            <Row key={attempt.number} gap="xs" py={4} wrap="nowrap" align="flex-start">
              <Text size="sm">{attempt.number}.</Text>
              <StateBadge state={attempt.outcome} />
              <Text size="sm" className="wrap-any">
                <Time at={attempt.finished_at} /> {attempt.step} {attempt.error}
              </Text>
            </Row>
          ))}
        </div>
      )}
      {job.steps.length > 0 && (
        <div>
          <Text size="sm" fw={600}>
            {say('steps')}
          </Text>
          {job.steps.map((step) => (
            <Text size="sm" key={step.name}>
              {step.name}: {durationText(step.duration_ms)}
            </Text>
          ))}
        </div>
      )}
      <Json label={say('payload')} value={job.payload} />
      {isCancelling && (
        <Confirm
          title={say('cancel')}
          text={say('cancel_text')}
          doText={say('cancel')}
          onClose={() => setIsCancelling(false)}
          onDo={() => dataOf(api.POST('/api/v1/admin/jobs/{id}/cancel', { params }))}
        />
      )}
    </Stack>
  );
}
