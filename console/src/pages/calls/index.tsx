import { Badge, Button, Group as Row, Menu, Switch, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Download } from 'lucide-react';
import { useMemo } from 'react';
import { download } from '../../api/client';
import { useNews } from '../../api/live';
import { useGet, useList } from '../../api/queries';
import { useAct } from '../../parts/act';
import { StateBadge } from '../../parts/badges';
import { type Column, ListTable } from '../../parts/data-table';
import { Empty, NothingFound } from '../../parts/empty';
import { type Filter, Filters, onlyThese, useAddress } from '../../parts/filters';
import { Page } from '../../parts/page';
import { durationText, Time } from '../../parts/time';
import { common } from '../../words/common';
import { errorKinds } from '../../words/states';
import { useWords } from '../../words/use-words';
import { CallDetail } from './detail';
import { RetentionButton } from './retention';
import { type Shown, withRepeats } from './repeats';
import { words } from './words';

const FILTERS = [
  'tool',
  'group_id',
  'key_id',
  'caller_app_id',
  'user_id',
  'success',
  'error_kind',
  'duration_min',
  'from',
  'to',
  'q',
] as const;

/** Where an incident is found: every call, filtered by the address, with what is in it and the proof that it is so. */
export function CallsPage() {
  const say = useWords(words);
  const shared = useWords(common);
  const kind = useWords(errorKinds);
  const { act } = useAct();
  const [address, change] = useAddress();
  const query = onlyThese(address, FILTERS);
  const list = useList('/api/v1/admin/call-logs', { query: query as object });
  const groups = useGet('/api/v1/admin/groups', { query: { limit: 200 } });
  const nameOf = useMemo(() => new Map((groups.data ?? []).map(({ id, name }) => [id, name])), [groups.data]);
  const isLive = address['live'] !== 'no' && !address['to'];
  const { refetch } = list;
  useNews('calls', isLive, refetch);
  const isGrouped = address['grouped'] !== 'no';
  const rows = useMemo(() => withRepeats(list.items, isGrouped), [list.items, isGrouped]);
  const shown = { ...list, items: rows };
  const columns = useMemo(
    (): Column<Shown>[] => [
      {
        key: 'tool',
        title: shared('tool'),
        cell: ({ tool_name, is_test, count }) => (
          <Row gap={6} wrap="nowrap" component="span">
            {tool_name || '–'}
            {count > 1 && (
              <Badge variant="light" color="gray" tt="none" component="span">
                {say('repeats', { count })}
              </Badge>
            )}
            {is_test && (
              <Badge variant="light" color="grape" tt="none" component="span">
                {say('test')}
              </Badge>
            )}
          </Row>
        ),
      },
      {
        key: 'outcome',
        title: say('outcome'),
        cell: ({ success, error_kind }) =>
          success ? (
            <Text span size="sm" c="dimmed">
              {say('success')}
            </Text>
          ) : (
            <ErrorKind kind={error_kind} />
          ),
      },
      { key: 'time', title: shared('time'), cell: ({ created_at }) => <Time at={created_at} /> },
      {
        key: 'duration',
        title: say('duration'),
        end: true,
        cell: ({ duration_ms }) => durationText(duration_ms),
      },
      { key: 'group', title: shared('group'), cell: ({ group_id }) => nameOf.get(group_id) ?? group_id },
      { key: 'caller', title: say('caller'), cell: ({ caller_app_id }) => caller_app_id ?? '–' },
    ],
    [say, shared, nameOf],
  );
  const filters: Filter[] = [
    { name: 'q', label: say('words'), kind: 'text' },
    { name: 'tool', label: shared('tool'), kind: 'text' },
    {
      name: 'group_id',
      label: shared('group'),
      kind: 'choice',
      options: (groups.data ?? []).map(({ id, name }) => ({ value: id, label: name })),
    },
    {
      name: 'success',
      label: say('outcome'),
      kind: 'choice',
      options: [
        { value: 'true', label: say('success') },
        { value: 'false', label: say('failure') },
      ],
    },
    {
      name: 'error_kind',
      label: say('error_kind'),
      kind: 'choice',
      options: (Object.keys(errorKinds.words) as (keyof typeof errorKinds.words)[]).map((value) => ({
        value,
        label: kind(value),
      })),
    },
    { name: 'caller_app_id', label: say('caller'), kind: 'text' },
    { name: 'from', label: shared('from'), kind: 'time' },
    { name: 'to', label: shared('to'), kind: 'time' },
  ];
  const exportAs = (format: string) =>
    act(() => download('/api/v1/admin/call-logs/export', { ...query, format }));
  const hasFilters = Object.keys(query).length > 0;
  return (
    <Page
      title={say('title')}
      about={say('about')}
      actions={
        <>
          <Switch
            label={say('grouped')}
            checked={isGrouped}
            onChange={({ currentTarget }) => change({ grouped: currentTarget.checked ? undefined : 'no' })}
          />
          <Switch
            label={say('live')}
            aria-description={say('live_hint')}
            checked={isLive}
            onChange={({ currentTarget }) => change({ live: currentTarget.checked ? undefined : 'no' })}
          />
          <RetentionButton />
          <Menu>
            <Menu.Target>
              <Button variant="default" leftSection={<Download size={16} />}>
                {shared('export')}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => void exportAs('csv')}>CSV</Menu.Item>
              <Menu.Item onClick={() => void exportAs('jsonl')}>JSON Lines</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      <Filters filters={filters} />
      <ListTable
        label={say('title')}
        list={shown}
        columns={columns}
        idOf={({ id }) => id}
        openId={address['id']}
        onOpen={({ id }) => change({ id })}
        empty={
          hasFilters ? (
            <NothingFound
              onClear={() => change(Object.fromEntries(FILTERS.map((name) => [name, undefined])))}
            />
          ) : (
            <Empty
              text={say('empty')}
              action={
                <Button component={Link} to="/groups">
                  {say('to_groups')}
                </Button>
              }
            />
          )
        }
      />
      {address['id'] && (
        <CallDetail id={address['id']} groupName={nameOf} onClose={() => change({ id: undefined })} />
      )}
    </Page>
  );
}

export function ErrorKind({ kind }: { readonly kind: string | null }) {
  const say = useWords(errorKinds);
  if (kind !== null && kind in errorKinds.words)
    return (
      <Badge variant="light" color="red" tt="none">
        {say(kind as keyof typeof errorKinds.words)}
      </Badge>
    );
  return <StateBadge state={kind ?? 'failed'} />;
}
