import { Alert, Button, Code, Group as Row, Menu, ActionIcon, Tabs } from '@mantine/core';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { EllipsisVertical, FileClock } from 'lucide-react';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { useGet } from '../../api/queries';
import { useMay } from '../../api/session';
import { useAct } from '../../parts/act';
import { OnOff } from '../../parts/badges';
import { Confirm } from '../../parts/confirm';
import { CopyIcon } from '../../parts/copy';
import { FormModal } from '../../parts/form-modal';
import { Page, Ready } from '../../parts/page';
import { SecretShown } from '../../parts/secret';
import { common } from '../../words/common';
import { useWords } from '../../words/use-words';
import { ConnectTab } from './connect';
import { ExplainTab } from './explain';
import { KeysTab } from './keys';
import { SettingsTab } from './settings';
import { ToolsTab } from './tools';
import { words } from './words';

export type GroupShown = Schemas['GroupDto'];

const TABS = ['tools', 'keys', 'connect', 'explain', 'settings'] as const;
type Tab = (typeof TABS)[number];

const CONTENT: Readonly<Record<Tab, (props: { readonly group: GroupShown }) => React.ReactNode>> = {
  tools: ToolsTab,
  keys: KeysTab,
  connect: ConnectTab,
  explain: ExplainTab,
  settings: SettingsTab,
};

export function GroupPage() {
  const { id = '', tab = 'tools' } = useParams({ strict: false });
  const group = useGet('/api/v1/admin/groups/{id}', { path: { id } });
  return <Ready of={group}>{(shown) => <Shown key={id} group={shown} tab={tab as Tab} />}</Ready>;
}

function Shown({ group, tab }: { readonly group: GroupShown; readonly tab: Tab }) {
  const say = useWords(words);
  const may = useMay();
  const navigate = useNavigate();
  const Content = CONTENT[tab] ?? ToolsTab;
  const about = (
    <Row gap="xs">
      <OnOff on={group.enabled} />
      <Code className="wrap-any">{group.server_url}</Code>
      <CopyIcon text={group.server_url} label={say('address')} />
      {group.description}
    </Row>
  );
  const actions = (
    <>
      <Button
        component={Link}
        to="/calls"
        {...({ search: { group_id: group.id } } as object)}
        variant="default"
        leftSection={<FileClock size={16} />}
      >
        {say('calls')}
      </Button>
      {may('groups.write') && <MoreMenu group={group} />}
    </>
  );
  const shown = TABS.filter((name) => name !== 'keys' || may('keys.read'));
  return (
    <Page title={group.name} about={about} actions={actions}>
      {group.warnings.length > 0 && (
        <Alert color="yellow" title={say('warnings')}>
          {group.warnings.map((warning) => (
            <div key={warning}>{warning}</div>
          ))}
        </Alert>
      )}
      <Tabs
        value={tab}
        onChange={(next) => void navigate({ to: `/groups/${group.id}/${next}` })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {shown.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {say(`tab_${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab}>
          <Content group={group} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function MoreMenu({ group }: { readonly group: GroupShown }) {
  const say = useWords(words);
  const shared = useWords(common);
  const { act } = useAct();
  const navigate = useNavigate();
  const [open, setOpen] = useState<'copy' | 'delete' | null>(null);
  const [made, setMade] = useState<Schemas['CreatedGroupDto'] | null>(null);
  const params = { path: { id: group.id } };
  const refresh = () =>
    act(() => dataOf(api.POST('/api/v1/admin/groups/{id}/refresh', { params })), say('refreshed'));
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size="lg" aria-label={shared('details')}>
            <EllipsisVertical size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setOpen('copy')}>{say('copy_group')}</Menu.Item>
          <Menu.Item onClick={() => void refresh()}>{say('refresh')}</Menu.Item>
          <Menu.Item color="red" onClick={() => setOpen('delete')}>
            {say('delete_group')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {open === 'copy' && (
        <FormModal
          title={say('copy_group')}
          fields={[{ name: 'name', label: shared('name'), kind: 'text', required: true }]}
          initial={{ name: `${group.name} 2` }}
          saveText={shared('create')}
          onClose={() => setOpen(null)}
          onSave={async (body: Schemas['CopyGroupDto']) =>
            setMade(await dataOf(api.POST('/api/v1/admin/groups/{id}/copy', { params, body })))
          }
        />
      )}
      {made && (
        <SecretShown
          title={say('copied_key')}
          lines={[
            { label: say('address'), text: made.server_url },
            { label: say('key_itself'), text: made.api_key },
          ]}
          onClose={() => {
            setMade(null);
            void navigate({ to: `/groups/${made.id}/tools` });
          }}
        />
      )}
      {open === 'delete' && (
        <Confirm
          title={say('delete_group')}
          text={say('delete_text')}
          typed={group.name}
          doText={shared('delete')}
          done={shared('deleted')}
          onClose={() => setOpen(null)}
          onDo={async () => {
            await dataOf(api.DELETE('/api/v1/admin/groups/{id}', { params }));
            void navigate({ to: '/groups' });
          }}
        />
      )}
    </>
  );
}
