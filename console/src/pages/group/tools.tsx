import { Badge, Button, Group as Row, Paper, Select, Stack, Text } from '@mantine/core';
import { Plus } from 'lucide-react';
import { useMemo, useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { useGet, useList } from '../../api/queries';
import { useMay } from '../../api/session';
import { useAct } from '../../parts/act';
import { OnOff } from '../../parts/badges';
import { Confirm } from '../../parts/confirm';
import { type Column, ListTable } from '../../parts/data-table';
import { Empty, NothingFound } from '../../parts/empty';
import { Filters, onlyThese, useAddress } from '../../parts/filters';
import { common } from '../../words/common';
import { useWords } from '../../words/use-words';
import type { GroupShown } from '.';
import { AddTools } from './add-tools';
import { ToolDetail } from './tool-detail';
import { words } from './words';

export type GroupTool = Schemas['GroupToolDto'];

export function ToolsTab({ group }: { readonly group: GroupShown }) {
  const say = useWords(words);
  const shared = useWords(common);
  const may = useMay();
  const [address, change] = useAddress();
  const [isAdding, setIsAdding] = useState(false);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const list = useList('/api/v1/admin/tools', {
    query: { group_id: group.id, ...onlyThese(address, ['q']) },
  });
  const columns = useMemo(
    (): Column<GroupTool>[] => [
      {
        key: 'name',
        title: shared('tool'),
        cell: ({ tool_name, registered }) => (
          <Row gap={6} wrap="nowrap" component="span">
            {tool_name}
            {!registered && (
              <Badge color="orange" variant="light" tt="none" component="span">
                {say('not_registered')}
              </Badge>
            )}
          </Row>
        ),
      },
      { key: 'state', title: shared('state'), cell: ({ enabled }) => <OnOff on={enabled} /> },
      {
        key: 'about',
        title: shared('description'),
        cell: ({ effective_description }) => effective_description,
      },
      { key: 'source', title: say('source'), cell: ({ source }) => source },
      {
        key: 'timeout',
        title: say('timeout'),
        end: true,
        cell: ({ effective_timeout_seconds }) => `${effective_timeout_seconds} s`,
      },
    ],
    [say, shared],
  );
  const addButton = may('tools.write') && (
    <Button leftSection={<Plus size={16} />} onClick={() => setIsAdding(true)}>
      {say('add_tools')}
    </Button>
  );
  const open = list.items.find(({ id }) => id === address['tool']);
  return (
    <Stack>
      <Row justify="space-between" align="flex-end">
        <Filters filters={[{ name: 'q', label: say('filter_tools'), kind: 'text' }]} />
        {addButton}
      </Row>
      {selected.size > 0 && (
        <Bulk
          group={group}
          tools={list.items.filter(({ id }) => selected.has(id))}
          onDone={() => setSelected(new Set())}
        />
      )}
      <ListTable
        label={say('tab_tools')}
        list={list}
        columns={columns}
        idOf={({ id }) => id}
        openId={address['tool']}
        onOpen={({ id }) => change({ tool: id })}
        {...(may('tools.write') ? { selection: { ids: selected, change: setSelected } } : {})}
        height="56vh"
        empty={
          address['q'] ? (
            <NothingFound onClear={() => change({ q: undefined })} />
          ) : (
            <Empty text={say('no_tools')} action={addButton} />
          )
        }
      />
      {open && <ToolDetail tool={open} onClose={() => change({ tool: undefined })} />}
      {isAdding && <AddTools group={group} onClose={() => setIsAdding(false)} />}
    </Stack>
  );
}

type BulkProps = {
  readonly group: GroupShown;
  readonly tools: readonly GroupTool[];
  readonly onDone: () => void;
};

function Bulk({ group, tools, onDone }: BulkProps) {
  const say = useWords(words);
  const shared = useWords(common);
  const { act, isBusy } = useAct();
  const [doing, setDoing] = useState<'move' | 'remove' | null>(null);
  const [target, setTarget] = useState<string | null>(null);
  const groups = useGet('/api/v1/admin/groups', { query: { limit: 200 } });
  const set = (values: Omit<Schemas['BulkChangeDto'], 'id'>) =>
    dataOf(
      api.POST('/api/v1/admin/tools/bulk', { body: { change: tools.map(({ id }) => ({ id, ...values })) } }),
    );
  const change = async (values: Omit<Schemas['BulkChangeDto'], 'id'>) => {
    if (await act(() => set(values), say('changed_tools', { count: tools.length }))) onDone();
  };
  return (
    <Paper
      withBorder
      p="xs"
      radius="md"
      role="toolbar"
      aria-label={shared('selected', { count: tools.length })}
    >
      <Row gap="xs">
        <Text size="sm" fw={600} px="xs">
          {shared('selected', { count: tools.length })}
        </Text>
        <Button size="xs" variant="default" loading={isBusy} onClick={() => void change({ enabled: true })}>
          {say('turn_on')}
        </Button>
        <Button size="xs" variant="default" loading={isBusy} onClick={() => void change({ enabled: false })}>
          {say('turn_off')}
        </Button>
        <Button size="xs" variant="default" onClick={() => setDoing('move')}>
          {say('move')}
        </Button>
        <Button size="xs" color="red" variant="light" onClick={() => setDoing('remove')}>
          {shared('remove')}
        </Button>
      </Row>
      {doing === 'move' && (
        <Confirm
          title={say('move')}
          text={
            <Stack gap="xs">
              {say('move_text')}
              <Select
                label={say('target_group')}
                searchable
                value={target}
                onChange={setTarget}
                data={(groups.data ?? [])
                  .filter(({ id }) => id !== group.id)
                  .map(({ id, name }) => ({ value: id, label: name }))}
              />
            </Stack>
          }
          doText={say('move')}
          onClose={() => setDoing(null)}
          onDo={async () => {
            await set({ group_id: target ?? '' });
            onDone();
          }}
        />
      )}
      {doing === 'remove' && (
        <Confirm
          title={shared('remove')}
          text={say('remove_text')}
          doText={shared('remove')}
          onClose={() => setDoing(null)}
          onDo={async () => {
            for (const { id } of tools)
              await dataOf(api.DELETE('/api/v1/admin/tools/{id}', { params: { path: { id } } }));
            onDone();
          }}
        />
      )}
    </Paper>
  );
}
