import { Alert, Button, Code, Group as Row, Stack } from '@mantine/core';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { ifMatch } from '../../api/versions';
import { useMay } from '../../api/session';
import { OnOff } from '../../parts/badges';
import { Facts } from '../../parts/facts';
import { FormModal } from '../../parts/form-modal';
import { Json } from '../../parts/json';
import { Time } from '../../parts/time';
import { useGroupFields } from '../groups/fields';
import { words as groupsWords } from '../groups/words';
import { common } from '../../words/common';
import { useWords } from '../../words/use-words';
import type { GroupShown } from '.';

export function SettingsTab({ group }: { readonly group: GroupShown }) {
  const shared = useWords(common);
  const say = useWords(groupsWords);
  const may = useMay();
  const { forChange } = useGroupFields();
  const [isChanging, setIsChanging] = useState(false);
  const params = { path: { id: group.id } };
  const list = (values: readonly string[]) => (values.length > 0 ? values.join(', ') : shared('all'));
  return (
    <Stack>
      {!may('groups.write') && <Alert color="gray">{shared('read_only')}</Alert>}
      <Facts
        columns={3}
        facts={[
          { label: shared('name'), value: group.name },
          { label: say('server_code'), value: <Code>{group.server_code}</Code> },
          { label: shared('state'), value: <OnOff on={group.enabled} /> },
          { label: say('tiers'), value: list(group.user_tier_access) },
          { label: say('roles'), value: list(group.allowed_roles) },
          { label: say('sessions'), value: shared(group.sessions ? 'yes' : 'no') },
          { label: shared('created_at'), value: <Time at={group.created_at} /> },
          { label: shared('updated_at'), value: <Time at={group.updated_at} /> },
          { label: shared('description'), value: group.description || '–' },
        ]}
      />
      <Json label={say('policy')} value={group.policy} />
      {may('groups.write') && (
        <Row>
          <Button onClick={() => setIsChanging(true)}>{shared('edit')}</Button>
        </Row>
      )}
      {isChanging && (
        <FormModal
          title={group.name}
          fields={forChange}
          initial={group}
          onClose={() => setIsChanging(false)}
          onRace={() => dataOf(api.GET('/api/v1/admin/groups/{id}', { params }))}
          onSave={(body: Schemas['UpdateGroupDto'], version) =>
            dataOf(
              api.PUT('/api/v1/admin/groups/{id}', { params: { ...params, header: ifMatch(version) }, body }),
            )
          }
        />
      )}
    </Stack>
  );
}
