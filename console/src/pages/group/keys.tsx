import { Badge, Button, Code, Group as Row, Stack, Switch, Text } from '@mantine/core';
import { Plus } from 'lucide-react';
import { useMemo, useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { useList } from '../../api/queries';
import { useMay } from '../../api/session';
import { StateBadge } from '../../parts/badges';
import { type Column, ListTable } from '../../parts/data-table';
import { Empty } from '../../parts/empty';
import { useAddress } from '../../parts/filters';
import { FormModal } from '../../parts/form-modal';
import { SecretShown } from '../../parts/secret';
import { Time } from '../../parts/time';
import { common } from '../../words/common';
import { useWords } from '../../words/use-words';
import type { GroupShown } from '.';
import { KeyDetail } from './key-detail';
import { useKeyFields } from './key-fields';
import { words } from './words';

export type Key = Schemas['KeyDto'];

export function KeysTab({ group }: { readonly group: GroupShown }) {
  const say = useWords(words);
  const shared = useWords(common);
  const may = useMay();
  const [address, change] = useAddress();
  const [isMaking, setIsMaking] = useState(false);
  const [shown, setShown] = useState<string | null>(null);
  const fields = useKeyFields(group.id);
  const all = address['all'] === 'true';
  const list = useList('/api/v1/admin/groups/{id}/keys', {
    path: { id: group.id },
    query: all ? { all } : {},
  });
  const columns = useMemo(
    (): Column<Key>[] => [
      { key: 'name', title: say('key_name'), cell: ({ name }) => name },
      { key: 'prefix', title: say('key_itself'), cell: ({ prefix }) => <Code>{prefix}…</Code> },
      {
        key: 'state',
        title: shared('state'),
        cell: ({ status, usable, decoy }) => (
          <Row gap={4} wrap="nowrap">
            <StateBadge state={status === 'active' && !usable && !decoy ? 'expired' : status} />
            {decoy && (
              <Badge color="grape" variant="light" tt="none">
                {say('decoy')}
              </Badge>
            )}
          </Row>
        ),
      },
      { key: 'owner', title: say('key_owner'), cell: ({ owner }) => owner ?? '–' },
      { key: 'used', title: shared('last_used'), cell: ({ last_used_at }) => <Time at={last_used_at} /> },
      { key: 'expires', title: shared('expires'), cell: ({ expires_at }) => <Time at={expires_at} /> },
    ],
    [say, shared],
  );
  const makeButton = may('keys.write') && (
    <Button size="sm" leftSection={<Plus size={16} />} onClick={() => setIsMaking(true)}>
      {say('new_key')}
    </Button>
  );
  const open = list.items.find(({ id }) => id === address['key']);
  return (
    <Stack>
      <Row justify="space-between">
        <Text size="sm" c="dimmed" maw={640}>
          {say('key_about')}
        </Text>
        <Row>
          <Switch
            label={say('show_revoked')}
            checked={all}
            onChange={({ currentTarget }) => change({ all: currentTarget.checked ? 'true' : undefined })}
          />
          {makeButton}
        </Row>
      </Row>
      <ListTable
        label={say('tab_keys')}
        list={list}
        columns={columns}
        idOf={({ id }) => id}
        openId={address['key']}
        onOpen={({ id }) => change({ key: id })}
        height="52vh"
        empty={<Empty text={say('no_keys')} action={makeButton} />}
      />
      {open && <KeyDetail keyShown={open} onClose={() => change({ key: undefined })} onSecret={setShown} />}
      {isMaking && (
        <FormModal
          title={say('new_key')}
          fields={fields}
          initial={{}}
          saveText={shared('create')}
          onClose={() => setIsMaking(false)}
          onSave={async (body: Schemas['CreateKeyDto']) => {
            const made = await dataOf(
              api.POST('/api/v1/admin/groups/{id}/keys', { params: { path: { id: group.id } }, body }),
            );
            setShown(made.api_key);
          }}
        />
      )}
      {shown && (
        <SecretShown
          title={say('new_key_shown')}
          lines={[{ label: say('key_itself'), text: shown }]}
          onClose={() => setShown(null)}
        />
      )}
    </Stack>
  );
}
