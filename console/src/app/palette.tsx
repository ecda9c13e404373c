import { Spotlight, type SpotlightActionGroupData } from '@mantine/spotlight';
import { useNavigate } from '@tanstack/react-router';
import { Boxes, Search, User, Wrench } from 'lucide-react';
import { useState } from 'react';
import { useGet } from '../api/queries';
import { useMay } from '../api/session';
import { common } from '../words/common';
import { useWords } from '../words/use-words';
import { paletteStore } from './palette-store';
import { PAGES } from './pages';
import { shellWords } from './words';

const ENOUGH = 200;

/** Ctrl-K: everything by its name. What it finds is read when it is opened. */
export function Palette() {
  const say = useWords(shellWords);
  const common_ = useWords(common);
  const may = useMay();
  const navigate = useNavigate();
  const [isOpened, setIsOpened] = useState(false);
  const of = (permission: Parameters<typeof may>[0]) => ({ enabled: isOpened && may(permission) });
  const groups = useGet('/api/v1/admin/groups', { query: { limit: ENOUGH } }, of('groups.read'));
  const tools = useGet('/api/v1/admin/tools', { query: { limit: ENOUGH } }, of('tools.read'));
  const people = useGet('/api/v1/admin/users', { query: { limit: ENOUGH } }, of('users.read'));
  const go = (to: string, search?: object) => () => void navigate({ to, search: search });
  const actions: SpotlightActionGroupData[] = [
    {
      group: say('main_navigation'),
      actions: PAGES.flatMap(({ path, nav, permission }) =>
        nav && may(permission)
          ? [{ id: path, label: say(nav.words), onClick: go(path), leftSection: <nav.icon size={18} /> }]
          : [],
      ),
    },
    {
      group: say('groups'),
      actions: (groups.data ?? []).map(({ id, name, server_code }) => ({
        id,
        label: name,
        description: server_code,
        leftSection: <Boxes size={18} />,
        onClick: go(`/groups/${id}/tools`),
      })),
    },
    {
      group: say('tools_section'),
      actions: (tools.data ?? []).map(({ id, tool_name, group_id }) => ({
        id,
        label: tool_name,
        description: groups.data?.find((group) => group.id === group_id)?.name ?? '',
        leftSection: <Wrench size={18} />,
        onClick: go(`/groups/${group_id}/tools`, { tool: id }),
      })),
    },
    {
      group: common_('user'),
      actions: (people.data ?? []).map(({ id, display_name, email }) => ({
        id,
        label: display_name,
        description: email,
        leftSection: <User size={18} />,
        onClick: go('/people', { id }),
      })),
    },
  ];
  return (
    <Spotlight
      store={paletteStore}
      actions={actions.filter((group) => group.actions.length > 0)}
      limit={12}
      shortcut={['mod + K']}
      highlightQuery
      nothingFound={common_('nothing_found')}
      searchProps={{
        placeholder: say('palette_hint'),
        'aria-label': say('search'),
        leftSection: <Search size={18} />,
      }}
      onSpotlightOpen={() => setIsOpened(true)}
      onSpotlightClose={() => setIsOpened(false)}
    />
  );
}
