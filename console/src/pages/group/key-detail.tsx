import { Button, Code, Group as Row, Modal, Radio, Stack, Table, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { useGet } from '../../api/queries';
import { useMay } from '../../api/session';
import { ifMatch } from '../../api/versions';
import { useAct } from '../../parts/act';
import { StateBadge } from '../../parts/badges';
import { Confirm } from '../../parts/confirm';
import { Facts } from '../../parts/facts';
import { FormModal } from '../../parts/form-modal';
import { Json } from '../../parts/json';
import { Ready } from '../../parts/page';
import { Side } from '../../parts/side';
import { numberText, Time } from '../../parts/time';
import { common } from '../../words/common';
import { useWords } from '../../words/use-words';
import { useKeyFields } from './key-fields';
import type { Key } from './keys';
import { words } from './words';

const OVERLAPS = [
  { seconds: 0, words: 'overlap_none' },
  { seconds: 3600, words: 'overlap_hour' },
  { seconds: 86_400, words: 'overlap_day' },
  { seconds: 604_800, words: 'overlap_week' },
] as const;

type Doing = 'edit' | 'reveal' | 'rotate' | 'revoke' | null;

type KeyDetailProps = {
  readonly keyShown: Key;
  readonly onClose: () => void;
  /** Shown by the list: a key that is replaced may leave it, and this with it. */
  readonly onSecret: (secret: string) => void;
};

/** One key: what it may, who still uses it, and its life. */
export function KeyDetail({ keyShown, onClose, onSecret }: KeyDetailProps) {
  const say = useWords(words);
  const shared = useWords(common);
  const may = useMay();
  const { id, name, prefix, status } = keyShown;
  const [doing, setDoing] = useState<Doing>(null);
  const isAlive = status !== 'revoked';
  return (
    <Side title={name} onClose={onClose}>
      <Stack>
        <Facts
          facts={[
            { label: say('key_itself'), value: <Code>{prefix}…</Code> },
            { label: shared('state'), value: <StateBadge state={status} /> },
            { label: say('key_owner'), value: keyShown.owner ?? '–' },
            { label: shared('expires'), value: <Time at={keyShown.expires_at} /> },
            { label: shared('last_used'), value: <Time at={keyShown.last_used_at} /> },
            { label: shared('created_at'), value: <Time at={keyShown.created_at} /> },
            { label: say('networks'), value: keyShown.allowed_networks.join(', ') || shared('all') },
            { label: say('key_tools'), value: keyShown.tools?.join(', ') ?? shared('all') },
          ]}
        />
        {Object.keys(keyShown.limits).length > 0 && (
          <Json label={say('key_limits')} value={keyShown.limits} />
        )}
        <Row gap="xs">
          {may('keys.reveal') && isAlive && (
            <Button size="xs" variant="default" onClick={() => setDoing('reveal')}>
              {say('reveal')}
            </Button>
          )}
          {may('keys.write') && isAlive && (
            <>
              <Button size="xs" variant="default" onClick={() => setDoing('edit')}>
                {shared('edit')}
              </Button>
              <Button size="xs" variant="default" onClick={() => setDoing('rotate')}>
                {say('rotate')}
              </Button>
              <Button size="xs" color="red" variant="light" onClick={() => setDoing('revoke')}>
                {say('revoke')}
              </Button>
            </>
          )}
          <Button
            size="xs"
            variant="subtle"
            component={Link}
            to="/calls"
            {...({ search: { key_id: id } } as object)}
          >
            {say('key_calls')}
          </Button>
        </Row>
        <Usage id={id} />
      </Stack>
      <Doings keyShown={keyShown} doing={doing} onDone={() => setDoing(null)} onSecret={onSecret} />
    </Side>
  );
}

function Usage({ id }: { readonly id: string }) {
  const say = useWords(words);
  const usage = useGet('/api/v1/admin/keys/{id}/usage', { path: { id } });
  return (
    <div>
      <Text fw={600} size="sm" mb={4}>
        {say('usage')}
      </Text>
      <Ready of={usage}>
        {(users) =>
          users.length === 0 ? (
            <Text size="sm" c="dimmed">
              {say('unused')}
            </Text>
          ) : (
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{say('key_name')}</Table.Th>
                  <Table.Th ta="right">{say('calls_count')}</Table.Th>
                  <Table.Th>{say('last_call')}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {users.map(({ caller_app_id: app, calls, last_call_at: last }) => (
                  <Table.Tr key={app ?? ''}>
                    <Table.Td className="wrap-any">{app ?? say('unnamed')}</Table.Td>
                    <Table.Td ta="right">{numberText(calls)}</Table.Td>
                    <Table.Td>
                      <Time at={last} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )
        }
      </Ready>
    </div>
  );
}

type DoingsProps = {
  readonly keyShown: Key;
  readonly doing: Doing;
  readonly onDone: () => void;
  readonly onSecret: (secret: string) => void;
};

function Doings({ keyShown, doing, onDone, onSecret }: DoingsProps) {
  const say = useWords(words);
  const shared = useWords(common);
  const { act, isBusy } = useAct();
  const fields = useKeyFields(keyShown.group_id).filter(({ name }) => name !== 'decoy');
  const [overlap, setOverlap] = useState('86400');
  const params = { path: { id: keyShown.id } };
  const rotate = async () => {
    const body = { overlap_seconds: Number(overlap) };
    const made = await act(() => dataOf(api.POST('/api/v1/admin/keys/{id}/rotate', { params, body })));
    if (!made) return;
    onDone();
    onSecret(made.api_key);
  };
  if (doing === 'edit')
    return (
      <FormModal
        title={keyShown.name}
        fields={fields}
        initial={keyShown}
        onClose={onDone}
        onRace={() => dataOf(api.GET('/api/v1/admin/keys/{id}', { params }))}
        onSave={(body: Schemas['UpdateKeyDto'], version) =>
          dataOf(
            api.PUT('/api/v1/admin/keys/{id}', { params: { ...params, header: ifMatch(version) }, body }),
          )
        }
      />
    );
  if (doing === 'reveal')
    return (
      <Confirm
        title={say('reveal')}
        text={say('reveal_text')}
        doText={say('reveal')}
        onClose={onDone}
        onDo={async () =>
          onSecret((await dataOf(api.POST('/api/v1/admin/keys/{id}/reveal', { params }))).api_key)
        }
      />
    );
  if (doing === 'revoke')
    return (
      <Confirm
        title={say('revoke')}
        text={say('revoke_text')}
        typed={keyShown.name}
        doText={say('revoke')}
        done={say('revoked')}
        onClose={onDone}
        onDo={() => dataOf(api.DELETE('/api/v1/admin/keys/{id}', { params }))}
      />
    );
  if (doing !== 'rotate') return null;
  return (
    <Modal opened onClose={onDone} title={say('rotate')} closeButtonProps={{ 'aria-label': shared('close') }}>
      <Stack>
        <Radio.Group label={say('rotate_text')} value={overlap} onChange={setOverlap}>
          <Stack gap="xs" mt="xs">
            {OVERLAPS.map(({ seconds, words: key }) => (
              <Radio key={seconds} value={String(seconds)} label={say(key)} />
            ))}
          </Stack>
        </Radio.Group>
        <Row justify="flex-end">
          <Button variant="default" onClick={onDone}>
            {shared('cancel')}
          </Button>
          <Button loading={isBusy} onClick={() => void rotate()}>
            {say('rotate')}
          </Button>
        </Row>
      </Stack>
    </Modal>
  );
}
