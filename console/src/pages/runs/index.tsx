import { Alert, Button, Group as Row, Stack, Text, Timeline } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../api/client';
import { useGet, useList } from '../../api/queries';
import { useMay } from '../../api/session';
import { useAct } from '../../parts/act';
import { StateBadge } from '../../parts/badges';
import { Collection } from '../../parts/collection';
import type { Column } from '../../parts/data-table';
import { Facts } from '../../parts/facts';
import { onlyThese, useAddress } from '../../parts/filters';
import { Ready } from '../../parts/page';
import { Side } from '../../parts/side';
import { durationText, Time } from '../../parts/time';
import { words as automationWords } from '../automation/words';
import { common } from '../../words/common';
import { states } from '../../words/states';
import { useWords } from '../../words/use-words';
import { words } from './words';

type Run = Schemas['AutomationRunDto'];
const STATES = ['queued', 'running', 'done', 'failed', 'skipped'] as const;

export function RunsPage() {
  const say = useWords(words);
  const shared = useWords(common);
  const state = useWords(states);
  const [address, change] = useAddress();
  const list = useList('/api/v1/admin/automation/runs', {
    query: onlyThese(address, ['state', 'user_id', 'from', 'to']) as object,
  });
  const columns: Column<Run>[] = [
    { key: 'user', title: say('customer'), cell: ({ user_id }) => user_id },
    { key: 'state', title: shared('state'), cell: ({ state: now }) => <StateBadge state={now} /> },
    { key: 'source', title: say('source'), cell: ({ source }) => say(source) },
    { key: 'by', title: say('welcomed_by'), cell: ({ welcomed_by: by }) => (by ? say(by) : '–') },
    {
      key: 'why',
      title: say('why'),
      cell: ({ error, skip_reason, fallback_reason }) => error ?? skip_reason ?? fallback_reason ?? '–',
    },
    { key: 'took', title: say('took'), end: true, cell: ({ duration_ms }) => durationText(duration_ms) },
    { key: 'time', title: shared('time'), cell: ({ created_at }) => <Time at={created_at} /> },
  ];
  const id = address['id'];
  return (
    <>
      <Collection
        title={say('title')}
        about={say('about')}
        emptyText={say('empty')}
        list={list}
        columns={columns}
        idOf={(run) => run.id}
        filters={[
          {
            name: 'state',
            label: shared('state'),
            kind: 'choice',
            options: STATES.map((value) => ({ value, label: state(value) })),
          },
          { name: 'user_id', label: say('user_id'), kind: 'text' },
          { name: 'from', label: shared('from'), kind: 'time' },
          { name: 'to', label: shared('to'), kind: 'time' },
        ]}
        make={{
          text: say('start'),
          permission: 'automation.write',
          fields: [
            { name: 'user_id', label: say('user_id'), kind: 'text', required: true },
            { name: 'again', label: say('again'), kind: 'check' },
          ],
          save: (body) => dataOf(api.POST('/api/v1/admin/automation/runs', { body })),
        }}
        detail={{ title: ({ user_id }) => user_id, show: (run) => <Detail id={run.id} /> }}
      />
      {id && !list.isLoading && !list.items.some((run) => run.id === id) && (
        <Side title={say('title')} onClose={() => change({ id: undefined })}>
          <Detail id={id} />
        </Side>
      )}
    </>
  );
}

function Detail({ id }: { readonly id: string }) {
  const run = useGet('/api/v1/admin/automation/runs/{id}', { path: { id } });
  return <Ready of={run}>{(shown) => <Shown run={shown} />}</Ready>;
}

function Shown({ run }: { readonly run: Schemas['AutomationRunDetailDto'] }) {
  const say = useWords(words);
  const step = useWords(automationWords);
  const shared = useWords(common);
  const may = useMay();
  const { act, isBusy } = useAct();
  const retry = () =>
    act(
      () =>
        dataOf(api.POST('/api/v1/admin/automation/runs/{id}/retry', { params: { path: { id: run.id } } })),
      shared('done'),
    );
  const reached = run.steps.filter(({ state }) => state === 'done').length;
  return (
    <Stack>
      <Facts
        facts={[
          { label: shared('state'), value: <StateBadge state={run.state} /> },
          { label: say('welcomed_by'), value: run.welcomed_by ? say(run.welcomed_by) : '–' },
          { label: shared('time'), value: <Time at={run.created_at} /> },
          { label: say('took'), value: durationText(run.duration_ms) },
          { label: say('next'), value: run.next_attempt_at ? <Time at={run.next_attempt_at} /> : '–' },
          { label: say('why'), value: run.skip_reason ?? run.fallback_reason ?? '–' },
        ]}
      />
      {run.error && (
        <Alert color="red" className="wrap-any">
          {run.error}
        </Alert>
      )}
      <Row gap="xs">
        {may('automation.write') && run.state === 'failed' && (
          <Button size="xs" loading={isBusy} onClick={() => void retry()}>
            {say('retry')}
          </Button>
        )}
        {run.conversation_id && (
          <Button
            size="xs"
            variant="default"
            component={Link}
            to="/desk"
            {...({ search: { conversation: run.conversation_id } } as object)}
          >
            {say('conversation')}
          </Button>
        )}
      </Row>
      <Timeline active={reached - 1} bulletSize={18} lineWidth={2}>
        {run.steps.map((one) => (
          <Timeline.Item key={one.name} title={step(`step_${one.name}`)}>
            <Row gap="xs">
              <StateBadge state={one.state} />
              <Text size="sm" c="dimmed">
                {durationText(one.duration_ms)}
              </Text>
            </Row>
            {one.error && (
              <Text size="sm" c="var(--mantine-color-error)" className="wrap-any">
                {one.error_kind}: {one.error}
              </Text>
            )}
          </Timeline.Item>
        ))}
      </Timeline>
      {run.agent_calls.length > 0 && (
        <div>
          <Text fw={600} size="sm">
            {say('agent_calls')}
          </Text>
          {run.agent_calls.map((call) => (
            <Text size="sm" key={call.created_at} className="wrap-any">
              <Time at={call.created_at} /> {call.outcome} · {durationText(call.duration_ms)} {call.error}
            </Text>
          ))}
        </div>
      )}
    </Stack>
  );
}
