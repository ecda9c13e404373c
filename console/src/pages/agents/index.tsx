import { Badge, Button, Card, Group as Row, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { useGet, useList } from '../../api/queries';
import { useMay } from '../../api/session';
import { ifMatch } from '../../api/versions';
import { useAct } from '../../parts/act';
import { OnOff } from '../../parts/badges';
import { Collection } from '../../parts/collection';
import type { Column } from '../../parts/data-table';
import type { Field } from '../../parts/fields';
import { FormModal } from '../../parts/form-modal';
import { Time } from '../../parts/time';
import { common } from '../../words/common';
import { useWords } from '../../words/use-words';
import { AgentDetail } from './detail';
import { words } from './words';

export type Agent = Schemas['AgentDto'];

/** What a version is asked for. */
export function useVersionFields(): readonly Field[] {
  const say = useWords(words);
  const shared = useWords(common);
  return [
    { name: 'label', label: say('label'), kind: 'text', required: true },
    { name: 'base_url', label: say('base_url'), kind: 'text', required: true },
    { name: 'api_key', label: say('api_key'), kind: 'password' },
    { name: 'app_id', label: say('app_id'), kind: 'text' },
    { name: 'weight', label: say('weight'), hint: say('weight_hint'), kind: 'number', min: 0, max: 1000 },
    { name: 'enabled', label: shared('enabled'), kind: 'switch' },
  ];
}

export function AgentsPage() {
  const say = useWords(words);
  const shared = useWords(common);
  const list = useList('/api/v1/admin/agents');
  const columns: Column<Agent>[] = [
    { key: 'name', title: shared('name'), cell: ({ name }) => name },
    { key: 'state', title: shared('state'), cell: ({ enabled }) => <OnOff on={enabled} /> },
    {
      key: 'versions',
      title: say('versions'),
      cell: ({ versions }) => versions.map(({ label, weight }) => `${label} (${weight})`).join(', '),
    },
    {
      key: 'health',
      title: say('problem'),
      cell: ({ versions }) =>
        versions.some(({ problem, open_circuits: open }) => problem !== null || open.length > 0) ? (
          <Badge color="red" variant="light" tt="none">
            {shared('yes')}
          </Badge>
        ) : (
          shared('no')
        ),
    },
    { key: 'changed', title: shared('updated_at'), cell: ({ updated_at }) => <Time at={updated_at} /> },
  ];
  const [, baseUrl, apiKey, appId] = useVersionFields();
  const fields: Field[] = [
    { name: 'name', label: shared('name'), kind: 'text', required: true },
    { name: 'description', label: shared('description'), kind: 'area' },
    baseUrl,
    { ...apiKey, required: true },
    appId,
  ];
  return (
    <Collection
      title={say('title')}
      about={say('about')}
      emptyText={say('empty')}
      list={list}
      columns={columns}
      idOf={({ id }) => id}
      make={{
        text: say('add'),
        permission: 'agents.write',
        fields,
        initial: { base_url: 'https://api.dify.ai/v1' },
        save: (body) => dataOf(api.POST('/api/v1/admin/agents', { body })),
      }}
      detail={{
        title: ({ name }) => name,
        show: (agent, close) => <AgentDetail key={agent.id} agent={agent} onGone={close} />,
      }}
    >
      <Orders agents={list.items} />
    </Collection>
  );
}

function Orders({ agents }: { readonly agents: readonly Agent[] }) {
  const say = useWords(words);
  const shared = useWords(common);
  const may = useMay();
  const { act } = useAct();
  const orders = useGet('/api/v1/admin/agent-orders', { query: { limit: 200 } });
  const [open, setOpen] = useState<Schemas['OrderDto'] | 'new' | null>(null);
  const names = agents.map(({ id, name }) => ({ value: id, label: name }));
  if (!orders.data || agents.length === 0) return null;
  const remove = (id: string) =>
    act(
      () => dataOf(api.DELETE('/api/v1/admin/agent-orders/{id}', { params: { path: { id } } })),
      shared('deleted'),
    );
  const fields: Field[] = [
    { name: 'agent_ids', label: say('in_order'), kind: 'choices', required: true, options: names },
  ];
  return (
    <Card withBorder radius="md">
      <Stack gap="xs">
        <Row justify="space-between">
          <Title order={2} size="h5">
            {say('orders')}
          </Title>
          {may('agents.write') && (
            <Button size="compact-sm" variant="default" onClick={() => setOpen('new')}>
              {say('add_order')}
            </Button>
          )}
        </Row>
        <Text size="sm" c="dimmed">
          {orders.data.length === 0 ? say('no_orders') : say('order_about')}
        </Text>
        {orders.data.map((order) => (
          <Row key={order.id} gap="xs">
            <b>{order.purpose}</b>
            <Text size="sm">{order.agents.map(({ name }) => name).join(' → ')}</Text>
            {may('agents.write') && (
              <>
                <Button size="compact-xs" variant="default" onClick={() => setOpen(order)}>
                  {shared('edit')}
                </Button>
                <Button size="compact-xs" variant="subtle" color="red" onClick={() => void remove(order.id)}>
                  {shared('remove')}
                </Button>
              </>
            )}
          </Row>
        ))}
      </Stack>
      {open === 'new' && (
        <FormModal
          title={say('add_order')}
          fields={[{ name: 'purpose', label: say('purpose'), kind: 'text', required: true }, ...fields]}
          initial={{ purpose: 'registration_welcome' }}
          onClose={() => setOpen(null)}
          onSave={(body: Schemas['CreateOrderDto']) =>
            dataOf(api.POST('/api/v1/admin/agent-orders', { body }))
          }
        />
      )}
      {open && open !== 'new' && (
        <FormModal
          title={open.purpose}
          fields={fields}
          initial={shown(open)}
          onClose={() => setOpen(null)}
          onRace={async () =>
            shown(
              await dataOf(api.GET('/api/v1/admin/agent-orders/{id}', { params: { path: { id: open.id } } })),
            )
          }
          onSave={(body: Schemas['UpdateOrderDto'], version) =>
            dataOf(
              api.PUT('/api/v1/admin/agent-orders/{id}', {
                params: { path: { id: open.id }, header: ifMatch(version) },
                body,
              }),
            )
          }
        />
      )}
    </Card>
  );
}

function shown(order: Schemas['OrderDto']) {
  return { agent_ids: order.agents.map(({ id }) => id), version: order.version };
}
