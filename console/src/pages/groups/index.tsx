import { Button, Code } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useMemo, useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { useList } from '../../api/queries';
import { useMay } from '../../api/session';
import { OnOff } from '../../parts/badges';
import { type Column, ListTable } from '../../parts/data-table';
import { Empty, NothingFound } from '../../parts/empty';
import { Filters, onlyThese, useAddress } from '../../parts/filters';
import { FormModal } from '../../parts/form-modal';
import { Page } from '../../parts/page';
import { SecretShown } from '../../parts/secret';
import { Time } from '../../parts/time';
import { common } from '../../words/common';
import { useWords } from '../../words/use-words';
import { useGroupFields } from './fields';
import { words } from './words';

type Group = Schemas['GroupDto'];
type Made = Schemas['CreatedGroupDto'];

export function GroupsPage() {
  const say = useWords(words);
  const shared = useWords(common);
  const may = useMay();
  const navigate = useNavigate();
  const [address, change] = useAddress();
  const [isMaking, setIsMaking] = useState(false);
  const [made, setMade] = useState<Made | null>(null);
  const { forNew } = useGroupFields();
  const list = useList('/api/v1/admin/groups', { query: onlyThese(address, ['q']) });
  const columns = useMemo(
    (): Column<Group>[] => [
      { key: 'name', title: shared('name'), cell: ({ name }) => name },
      { key: 'code', title: say('server_code'), cell: ({ server_code }) => <Code>{server_code}</Code> },
      { key: 'state', title: shared('state'), cell: ({ enabled }) => <OnOff on={enabled} /> },
      { key: 'tools', title: say('tools'), cell: ({ tool_count }) => tool_count, end: true },
      {
        key: 'key',
        title: say('key'),
        cell: ({ api_key_prefix }) => (api_key_prefix ? <Code>{api_key_prefix}…</Code> : '–'),
      },
      { key: 'updated', title: shared('updated_at'), cell: ({ updated_at }) => <Time at={updated_at} /> },
    ],
    [say, shared],
  );
  const makeButton = may('groups.write') && (
    <Button leftSection={<Plus size={16} />} onClick={() => setIsMaking(true)}>
      {say('create')}
    </Button>
  );
  return (
    <Page title={say('title')} about={say('about')} actions={makeButton}>
      <Filters filters={[{ name: 'q', label: say('filter'), kind: 'text' }]} />
      <ListTable
        label={say('title')}
        list={list}
        columns={columns}
        idOf={({ id }) => id}
        onOpen={({ id }) => void navigate({ to: `/groups/${id}/tools` })}
        empty={
          address['q'] ? (
            <NothingFound onClear={() => change({ q: undefined })} />
          ) : (
            <Empty text={say('empty')} action={makeButton} />
          )
        }
      />
      {isMaking && (
        <FormModal
          title={say('create')}
          fields={forNew}
          initial={{}}
          saveText={shared('create')}
          onClose={() => setIsMaking(false)}
          onSave={async (body: Schemas['CreateGroupDto']) =>
            setMade(await dataOf(api.POST('/api/v1/admin/groups', { body })))
          }
        />
      )}
      {made && (
        <SecretShown
          title={say('made')}
          lines={[
            { label: say('url_label'), text: made.server_url },
            { label: say('key_label'), text: made.api_key },
          ]}
          onClose={() => {
            setMade(null);
            void navigate({ to: `/groups/${made.id}/tools` });
          }}
        />
      )}
    </Page>
  );
}
