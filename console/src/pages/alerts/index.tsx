import { Badge, Button, Group as Row, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../api/client';
import { useList } from '../../api/queries';
import { useMay } from '../../api/session';
import { useAct } from '../../parts/act';
import { Collection } from '../../parts/collection';
import type { Column } from '../../parts/data-table';
import { Facts } from '../../parts/facts';
import { onlyThese, useAddress } from '../../parts/filters';
import { Time } from '../../parts/time';
import { useWords } from '../../words/use-words';
import { words } from './words';

type Alert = Schemas['AlertDto'];

export function AlertsPage() {
  const say = useWords(words);
  const [address] = useAddress();
  const list = useList('/api/v1/admin/alerts', { query: onlyThese(address, ['open', 'kind']) as object });
  const columns: Column<Alert>[] = [
    { key: 'title', title: say('what'), cell: ({ title }) => title },
    { key: 'kind', title: say('kind'), cell: ({ kind }) => kind },
    {
      key: 'state',
      title: say('state'),
      cell: ({ acknowledged_at: at }) => (
        <Badge variant="light" tt="none" color={at ? 'gray' : 'red'}>
          {say(at ? 'taken' : 'open')}
        </Badge>
      ),
    },
    { key: 'uses', title: say('times'), end: true, cell: ({ uses }) => uses },
    { key: 'seen', title: say('seen'), cell: ({ last_seen_at }) => <Time at={last_seen_at} /> },
  ];
  return (
    <Collection
      title={say('title')}
      about={say('about')}
      list={list}
      columns={columns}
      idOf={({ id }) => id}
      emptyText={say('empty')}
      filters={[
        {
          name: 'open',
          label: say('state'),
          kind: 'choice',
          options: [
            { value: 'true', label: say('open') },
            { value: 'false', label: say('taken') },
          ],
        },
        { name: 'kind', label: say('kind'), kind: 'text' },
      ]}
      detail={{ title: ({ title }) => title, show: (alert) => <Detail alert={alert} /> }}
    />
  );
}

function Detail({ alert }: { readonly alert: Alert }) {
  const say = useWords(words);
  const may = useMay();
  const { act, isBusy } = useAct();
  const acknowledge = () =>
    act(() =>
      dataOf(api.POST('/api/v1/admin/alerts/{id}/acknowledge', { params: { path: { id: alert.id } } })),
    );
  return (
    <Stack>
      <Text className="wrap-any">{alert.detail}</Text>
      <Facts
        facts={[
          { label: say('kind'), value: alert.kind },
          { label: say('times'), value: alert.uses },
          { label: say('first_seen'), value: <Time at={alert.first_seen_at} /> },
          { label: say('seen'), value: <Time at={alert.last_seen_at} /> },
          { label: say('from_where'), value: alert.ip ?? '–' },
        ]}
      />
      <Row gap="xs">
        {linksOf(alert).map(({ key, to, search }) => (
          <Button key={key} size="xs" variant="default" component={Link} to={to} {...({ search } as object)}>
            {say(key)}
          </Button>
        ))}
        {may('alerts.write') && !alert.acknowledged_at && (
          <Button size="xs" loading={isBusy} onClick={() => void acknowledge()}>
            {say('acknowledge')}
          </Button>
        )}
      </Row>
    </Stack>
  );
}

type AlertLink = {
  readonly key: keyof typeof words.words;
  readonly to: string;
  readonly search: Readonly<Record<string, string>>;
};

/** From an alert to the record, the key, and the change that caused it. */
function linksOf({ target, key_id: keyId, group_id: groupId, last_seen_at: at }: Alert): AlertLink[] {
  const links: AlertLink[] = [];
  if (keyId && groupId) links.push({ key: 'to_key', to: `/groups/${groupId}/keys`, search: { key: keyId } });
  if (keyId) links.push({ key: 'to_calls', to: '/calls', search: { key_id: keyId } });
  else if (groupId) links.push({ key: 'to_group', to: `/groups/${groupId}/tools`, search: {} });
  if (target?.kind === 'tool') links.push({ key: 'to_tools', to: '/tools', search: {} });
  if (target?.kind === 'job') links.push({ key: 'to_jobs', to: '/jobs', search: { id: target.id } });
  if (target?.kind === 'automation_run')
    links.push({ key: 'to_run', to: '/automation/runs', search: { id: target.id } });
  if (target?.kind === 'agent' || target?.kind === 'agent_version')
    links.push({ key: 'to_agents', to: '/agents', search: {} });
  links.push({ key: 'to_audit', to: '/audit', search: { to: at } });
  return links;
}
