import { Button, Code, Group as Row, Menu, Stack } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Download } from 'lucide-react';
import { download, type Schemas } from '../../api/client';
import { useList } from '../../api/queries';
import { useAct } from '../../parts/act';
import { StateBadge } from '../../parts/badges';
import { Collection } from '../../parts/collection';
import type { Column } from '../../parts/data-table';
import { Facts } from '../../parts/facts';
import { onlyThese, useAddress } from '../../parts/filters';
import { Json } from '../../parts/json';
import { Time } from '../../parts/time';
import { common } from '../../words/common';
import { states } from '../../words/states';
import { useWords } from '../../words/use-words';
import { words } from './words';

type Entry = Schemas['AuditLogDto'];
const FILTERS = ['q', 'actor', 'action', 'target_kind', 'target_id', 'result', 'from', 'to'] as const;

export function AuditPage() {
  const say = useWords(words);
  const shared = useWords(common);
  const state = useWords(states);
  const { act } = useAct();
  const [address] = useAddress();
  const query = onlyThese(address, FILTERS);
  const list = useList('/api/v1/admin/audit-logs', { query: query as object });
  const columns: Column<Entry>[] = [
    { key: 'action', title: say('action'), cell: ({ action }) => action },
    {
      key: 'target',
      title: say('target'),
      cell: ({ target_kind, target_name, target_id }) =>
        target_kind ? `${target_kind}: ${target_name ?? target_id}` : '–',
    },
    { key: 'actor', title: say('actor'), cell: ({ actor_name, actor_kind }) => actor_name ?? actor_kind },
    { key: 'result', title: say('result'), cell: ({ result }) => <StateBadge state={result} /> },
    { key: 'time', title: shared('time'), cell: ({ created_at }) => <Time at={created_at} /> },
    { key: 'ip', title: say('from_where'), cell: ({ ip }) => ip ?? '–' },
  ];
  const exportAs = (format: string) =>
    act(() => download('/api/v1/admin/audit-logs/export', { ...query, format }));
  return (
    <Collection
      title={say('title')}
      about={say('about')}
      emptyText={say('empty')}
      actions={
        <Menu>
          <Menu.Target>
            <Button variant="default" leftSection={<Download size={16} />}>
              {shared('export')}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => void exportAs('csv')}>{say('csv')}</Menu.Item>
            <Menu.Item onClick={() => void exportAs('jsonl')}>{say('jsonl')}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      }
      list={list}
      columns={columns}
      idOf={({ id }) => id}
      filters={[
        { name: 'q', label: say('words'), kind: 'text' },
        { name: 'actor', label: say('actor'), kind: 'text' },
        { name: 'action', label: say('action'), kind: 'text' },
        { name: 'target_kind', label: say('target_kind'), kind: 'text' },
        {
          name: 'result',
          label: say('result'),
          kind: 'choice',
          options: [
            { value: 'ok', label: state('ok') },
            { value: 'refused', label: state('refused') },
            { value: 'failed', label: say('failed') },
          ],
        },
        { name: 'from', label: shared('from'), kind: 'time' },
        { name: 'to', label: shared('to'), kind: 'time' },
      ]}
      detail={{ title: ({ action }) => action, show: (entry) => <Detail entry={entry} /> }}
    />
  );
}

function Detail({ entry }: { readonly entry: Entry }) {
  const say = useWords(words);
  const shared = useWords(common);
  return (
    <Stack>
      <Facts
        facts={[
          { label: say('actor'), value: entry.actor_name ?? entry.actor_kind },
          { label: say('result'), value: <StateBadge state={entry.result} /> },
          { label: shared('time'), value: <Time at={entry.created_at} /> },
          {
            label: say('target'),
            value: entry.target_kind ? `${entry.target_kind}: ${entry.target_name ?? entry.target_id}` : '–',
          },
          { label: say('from_where'), value: entry.ip ?? '–' },
          { label: say('browser'), value: entry.user_agent ?? '–' },
          { label: say('request'), value: <Code>{entry.request_id ?? '–'}</Code> },
          { label: shared('reason'), value: entry.reason ?? '–' },
        ]}
      />
      {entry.target_id && (
        <Row>
          <Button
            size="xs"
            variant="default"
            component={Link}
            to="/audit"
            {...({ search: { target_id: entry.target_id } } as object)}
          >
            {say('all_of_target')}
          </Button>
        </Row>
      )}
      {entry.before !== null && <Json label={say('before')} value={entry.before} />}
      {entry.after !== null && <Json label={say('after')} value={entry.after} />}
    </Stack>
  );
}
