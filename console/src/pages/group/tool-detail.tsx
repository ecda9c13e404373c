import { Button, Group as Row, Stack } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { useMay } from '../../api/session';
import { useGet } from '../../api/queries';
import { ifMatch } from '../../api/versions';
import { OnOff } from '../../parts/badges';
import { Facts } from '../../parts/facts';
import type { Field } from '../../parts/fields';
import { FormModal } from '../../parts/form-modal';
import { Json } from '../../parts/json';
import { Side } from '../../parts/side';
import { Time } from '../../parts/time';
import { TestCall } from '../tools/test-call';
import { words as groupsWords } from '../groups/words';
import { common } from '../../words/common';
import { roleWords } from '../../words/states';
import { useWords } from '../../words/use-words';
import type { GroupTool } from './tools';
import { words } from './words';

export function ToolDetail({ tool, onClose }: { readonly tool: GroupTool; readonly onClose: () => void }) {
  const say = useWords(words);
  const groups = useWords(groupsWords);
  const shared = useWords(common);
  const may = useMay();
  const role = useWords(roleWords);
  const [isChanging, setIsChanging] = useState(false);
  const params = { path: { id: tool.id } };
  const roles = (Object.keys(roleWords.words) as (keyof typeof roleWords.words)[]).map((value) => ({
    value,
    label: role(value),
  }));
  const fields: Field[] = [
    { name: 'enabled', label: shared('enabled'), kind: 'switch' },
    { name: 'description', label: say('own_description'), hint: say('own_description_hint'), kind: 'area' },
    {
      name: 'timeout_seconds',
      label: say('timeout'),
      hint: say('timeout_hint'),
      kind: 'number',
      min: 1,
      max: 3600,
    },
    {
      name: 'allowed_roles',
      label: groups('roles'),
      hint: groups('tiers_hint'),
      kind: 'choices',
      options: roles,
    },
    { name: 'user_tier_access', label: groups('tiers'), hint: groups('tiers_hint'), kind: 'tags' },
    { name: 'config_data', label: say('config'), kind: 'json' },
    { name: 'policy', label: say('tool_policy'), kind: 'json' },
  ];
  return (
    <Side title={tool.tool_name} onClose={onClose}>
      <Stack>
        <Facts
          facts={[
            { label: shared('state'), value: <OnOff on={tool.enabled} /> },
            { label: say('source'), value: `${tool.source} · ${tool.version}` },
            { label: say('timeout'), value: `${tool.effective_timeout_seconds} s` },
            { label: groups('roles'), value: tool.allowed_roles.join(', ') || shared('all') },
            { label: groups('tiers'), value: tool.user_tier_access.join(', ') || shared('all') },
            { label: shared('updated_at'), value: <Time at={tool.updated_at} /> },
          ]}
        />
        <Facts
          columns={1}
          facts={[{ label: say('own_description'), value: tool.effective_description ?? '–' }]}
        />
        <Row gap="xs">
          {may('tools.write') && (
            <Button size="xs" onClick={() => setIsChanging(true)}>
              {shared('edit')}
            </Button>
          )}
          <Button
            size="xs"
            variant="default"
            component={Link}
            to="/calls"
            {...({ search: { tool: tool.tool_name, group_id: tool.group_id } } as object)}
          >
            {say('calls')}
          </Button>
        </Row>
        <Test tool={tool} />
        <Json label={say('config')} value={tool.config_data} />
        <Json label={say('tool_policy')} value={tool.policy} />
      </Stack>
      {isChanging && (
        <FormModal
          title={tool.tool_name}
          fields={fields}
          initial={{ ...tool, version: tool.row_version }}
          onClose={() => setIsChanging(false)}
          onRace={async () => {
            const latest = await dataOf(api.GET('/api/v1/admin/tools/{id}', { params }));
            return { ...latest, version: latest.row_version };
          }}
          onSave={(body: Schemas['UpdateToolDto'], version) =>
            dataOf(
              api.PUT('/api/v1/admin/tools/{id}', {
                params: { ...params, header: ifMatch(version) },
                body: body as never,
              }),
            )
          }
        />
      )}
    </Side>
  );
}

function Test({ tool }: { readonly tool: GroupTool }) {
  const may = useMay();
  const registered = useGet('/api/v1/admin/tools/registered');
  const found = registered.data?.flatMap(({ tools }) => tools).find(({ name }) => name === tool.tool_name);
  if (!found || !may('tools.test')) return null;
  return (
    <TestCall
      toolName={tool.tool_name}
      schema={found.input_schema}
      places={[{ toolId: tool.id, groupName: '' }]}
    />
  );
}
