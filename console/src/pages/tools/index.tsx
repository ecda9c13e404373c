import { Alert, Badge, Button, Group as Row, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { useGet } from '../../api/queries';
import { useMay } from '../../api/session';
import { useAct } from '../../parts/act';
import { atOnce, Collection } from '../../parts/collection';
import type { Column } from '../../parts/data-table';
import { useAddress } from '../../parts/filters';
import { Json } from '../../parts/json';
import { common } from '../../words/common';
import { useWords } from '../../words/use-words';
import { TestCall } from './test-call';
import { words } from './words';

type Tool = Schemas['RegisteredToolDto'] & { readonly category: string };

export function ToolsPage() {
  const say = useWords(words);
  const shared = useWords(common);
  const [address] = useAddress();
  const registered = useGet('/api/v1/admin/tools/registered');
  const all = useMemo(
    () =>
      (registered.data ?? []).flatMap(({ category, tools }) => tools.map((tool) => ({ ...tool, category }))),
    [registered.data],
  );
  const sought = (address['q'] ?? '').toLowerCase();
  const list = atOnce<Tool>(
    { ...registered, data: all } as never,
    ({ name, description, category }) =>
      `${name} ${description}`.toLowerCase().includes(sought) &&
      (!address['category'] || category === address['category']),
  );
  const categories = (registered.data ?? []).map(({ category }) => ({ value: category, label: category }));
  const columns = useMemo(
    (): Column<Tool>[] => [
      { key: 'name', title: shared('tool'), cell: ({ name }) => name },
      {
        key: 'category',
        title: say('category'),
        cell: ({ category }) => (
          <Badge variant="light" color="gray" tt="none">
            {category}
          </Badge>
        ),
      },
      { key: 'about', title: shared('description'), cell: ({ description }) => description },
      { key: 'version', title: say('version'), cell: ({ version }) => version },
    ],
    [say, shared],
  );
  return (
    <Collection
      title={say('title')}
      about={say('about')}
      list={list}
      columns={columns}
      idOf={({ name }) => name}
      emptyText={say('empty')}
      filters={[
        { name: 'q', label: say('filter'), kind: 'text' },
        { name: 'category', label: say('category'), kind: 'choice', options: categories },
      ]}
      detail={{ title: ({ name }) => name, show: (tool) => <Detail tool={tool} /> }}
    >
      <Circuits />
    </Collection>
  );
}

function Detail({ tool }: { readonly tool: Tool }) {
  const say = useWords(words);
  const may = useMay();
  const given = useGet('/api/v1/admin/tools', { query: { q: tool.name, limit: 200 } });
  const groups = useGet('/api/v1/admin/groups', { query: { limit: 200 } });
  const nameOf = new Map((groups.data ?? []).map(({ id, name }) => [id, name]));
  const here = (given.data ?? []).filter(({ tool_name }) => tool_name === tool.name);
  return (
    <Stack>
      <Text style={{ whiteSpace: 'pre-wrap' }} className="wrap-any">
        {tool.description}
      </Text>
      <div>
        <Text size="sm" fw={600}>
          {say('in_groups')}
        </Text>
        {here.length === 0 && <Text size="sm">{say('in_no_group')}</Text>}
        <Row gap="xs">
          {here.map(({ id, group_id }) => (
            <Button
              key={id}
              size="compact-xs"
              variant="default"
              component={Link}
              to={`/groups/${group_id}/tools`}
              {...({ search: { tool: id } } as object)}
            >
              {nameOf.get(group_id) ?? group_id}
            </Button>
          ))}
        </Row>
      </div>
      {may('tools.test') && here.length > 0 && (
        <TestCall
          schema={tool.input_schema}
          places={here.map(({ id, group_id }) => ({
            toolId: id,
            groupName: nameOf.get(group_id) ?? group_id,
          }))}
          toolName={tool.name}
        />
      )}
      <Json label={say('input')} value={tool.input_schema} />
      {tool.output_schema && <Json label={say('output')} value={tool.output_schema} />}
      {tool.config_schema && <Json label={say('config')} value={tool.config_schema} />}
      {tool.annotations && <Json label={say('hints')} value={tool.annotations} />}
    </Stack>
  );
}

function Circuits() {
  const say = useWords(words);
  const may = useMay();
  const { act } = useAct();
  const open = useGet('/api/v1/admin/circuits');
  if (!open.data || open.data.length === 0) return null;
  const reset = (id: string) =>
    act(() => dataOf(api.POST('/api/v1/admin/tools/{id}/circuit/reset', { params: { path: { id } } })));
  return (
    <Alert color="orange" title={say('circuits')}>
      <Stack gap="xs">
        {say('circuits_text')}
        {open.data.map(({ tool_id: id, tool_name: name, replicas }) => (
          <Row key={id} gap="xs">
            <b>{name}</b>
            {replicas[0]?.error_kind}
            {may('tools.write') && (
              <Button size="compact-xs" variant="default" onClick={() => void reset(id)}>
                {say('reset')}
              </Button>
            )}
          </Row>
        ))}
      </Stack>
    </Alert>
  );
}
