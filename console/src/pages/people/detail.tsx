import { Button, Group as Row, Stack, Table, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { useGet } from '../../api/queries';
import { useMay } from '../../api/session';
import { ifMatch } from '../../api/versions';
import { useAct } from '../../parts/act';
import { OnOff, StateBadge } from '../../parts/badges';
import { Confirm } from '../../parts/confirm';
import { Facts } from '../../parts/facts';
import { FormModal } from '../../parts/form-modal';
import { Ready } from '../../parts/page';
import { SecretShown } from '../../parts/secret';
import { Time } from '../../parts/time';
import { common } from '../../words/common';
import { useWords } from '../../words/use-words';
import { type Person, usePersonFields } from '.';
import { words } from './words';

type Doing = 'edit' | 'factor' | 'delete' | 'link' | 'end' | null;

export function PersonDetail({ person, onGone }: { readonly person: Person; readonly onGone: () => void }) {
  const say = useWords(words);
  const shared = useWords(common);
  const may = useMay();
  const { act } = useAct();
  const fields = usePersonFields();
  const [doing, setDoing] = useState<Doing>(null);
  const [token, setToken] = useState<string | null>(null);
  const params = { path: { id: person.id } };
  const close = () => setDoing(null);
  const reset = async () =>
    setToken(
      (await act(() => dataOf(api.POST('/api/v1/admin/users/{id}/reset-password', { params }))))?.token ??
        null,
    );
  return (
    <Stack>
      <Facts
        facts={[
          { label: shared('email'), value: person.email },
          { label: say('username'), value: person.username },
          { label: shared('state'), value: <OnOff on={person.enabled} /> },
          { label: say('tier'), value: person.tier },
          { label: say('phone'), value: person.phone ?? '–' },
          { label: say('factor'), value: shared(person.has_second_factor ? 'yes' : 'no') },
        ]}
      />
      {may('users.write') && (
        <Row gap="xs">
          <Button size="xs" onClick={() => setDoing('edit')}>
            {shared('edit')}
          </Button>
          <Button size="xs" variant="default" onClick={() => void reset()}>
            {say('reset')}
          </Button>
          {person.has_second_factor && (
            <Button size="xs" variant="default" onClick={() => setDoing('factor')}>
              {say('take_factor')}
            </Button>
          )}
          <Button size="xs" variant="default" onClick={() => setDoing('link')}>
            {say('link')}
          </Button>
          <Button size="xs" variant="default" onClick={() => setDoing('end')}>
            {say('end_all')}
          </Button>
          <Button size="xs" variant="light" color="red" onClick={() => setDoing('delete')}>
            {say('delete')}
          </Button>
        </Row>
      )}
      <Sessions id={person.id} />
      <Tokens id={person.id} />
      <Identities id={person.id} />
      {doing === 'edit' && (
        <FormModal
          title={person.display_name}
          fields={[...fields, { name: 'enabled', label: shared('enabled'), kind: 'switch' }]}
          initial={person}
          onClose={close}
          onRace={() => dataOf(api.GET('/api/v1/admin/users/{id}', { params }))}
          onSave={(body: Schemas['UpdateUserDto'], version) =>
            dataOf(
              api.PUT('/api/v1/admin/users/{id}', { params: { ...params, header: ifMatch(version) }, body }),
            )
          }
        />
      )}
      {doing === 'link' && <LinkIdentity id={person.id} onClose={close} />}
      {doing === 'factor' && (
        <Confirm
          title={say('take_factor')}
          text={say('take_factor_text')}
          doText={say('take_factor')}
          onClose={close}
          onDo={() => dataOf(api.DELETE('/api/v1/admin/users/{id}/second-factor', { params }))}
        />
      )}
      {doing === 'end' && (
        <Confirm
          title={say('end_all')}
          text={person.display_name}
          doText={say('end_all')}
          onClose={close}
          onDo={() => dataOf(api.DELETE('/api/v1/admin/users/{id}/sessions', { params }))}
        />
      )}
      {doing === 'delete' && (
        <Confirm
          title={say('delete')}
          text={say('delete_text')}
          typed={person.email}
          doText={shared('delete')}
          done={shared('deleted')}
          onClose={close}
          onDo={async () => {
            await dataOf(api.DELETE('/api/v1/admin/users/{id}', { params }));
            onGone();
          }}
        />
      )}
      {token && (
        <SecretShown
          title={say('reset')}
          lines={[{ label: say('reset_shown'), text: token }]}
          onClose={() => setToken(null)}
        />
      )}
    </Stack>
  );
}

function Listed({
  title,
  lines,
}: {
  readonly title: string;
  readonly lines: readonly { readonly key: string; readonly cells: readonly ReactNode[] }[];
}) {
  const shared = useWords(common);
  return (
    <div>
      <Text fw={600} size="sm">
        {title}
      </Text>
      {lines.length === 0 ? (
        <Text size="sm" c="dimmed">
          {shared('none')}
        </Text>
      ) : (
        <Table.ScrollContainer minWidth={360}>
          <Table>
            <Table.Tbody>
              {lines.map(({ key, cells }) => (
                <Table.Tr key={key}>
                  {cells.map((cell, place) => (
                    <Table.Td key={`${key} ${place}`}>{cell}</Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </div>
  );
}

function EndButton({ text, onDo }: { readonly text: string; readonly onDo: () => Promise<unknown> }) {
  const { act, isBusy } = useAct();
  const may = useMay();
  if (!may('users.write')) return null;
  return (
    <Button size="compact-xs" variant="default" loading={isBusy} onClick={() => void act(onDo)}>
      {text}
    </Button>
  );
}

function Sessions({ id }: { readonly id: string }) {
  const say = useWords(words);
  const sessions = useGet('/api/v1/admin/users/{id}/sessions', { path: { id } });
  const end = (sessionId: string) =>
    dataOf(
      api.DELETE('/api/v1/admin/users/{id}/sessions/{sessionId}', { params: { path: { id, sessionId } } }),
    );
  return (
    <Ready of={sessions}>
      {(found) => (
        <Listed
          title={say('sessions')}
          lines={found.map((session) => ({
            key: session.id,
            cells: [
              session.ip ?? '–',
              session.method,
              <Time key="t" at={session.last_used_at} />,
              <EndButton key="e" text={say('end')} onDo={() => end(session.id)} />,
            ],
          }))}
        />
      )}
    </Ready>
  );
}

function Tokens({ id }: { readonly id: string }) {
  const say = useWords(words);
  const tokens = useGet('/api/v1/admin/users/{id}/tokens', { path: { id } });
  const end = (tokenId: string) =>
    dataOf(api.DELETE('/api/v1/admin/users/{id}/tokens/{tokenId}', { params: { path: { id, tokenId } } }));
  return (
    <Ready of={tokens}>
      {(found) => (
        <Listed
          title={say('tokens')}
          lines={found.map((token) => ({
            key: token.id,
            cells: [
              token.name,
              <StateBadge key="s" state={token.revoked_at ? 'revoked' : 'active'} />,
              <Time key="t" at={token.last_used_at} />,
              !token.revoked_at && <EndButton key="e" text={say('end')} onDo={() => end(token.id)} />,
            ],
          }))}
        />
      )}
    </Ready>
  );
}

function Identities({ id }: { readonly id: string }) {
  const say = useWords(words);
  const identities = useGet('/api/v1/admin/users/{id}/identities', { path: { id } });
  const unlink = (identityId: string) =>
    dataOf(
      api.DELETE('/api/v1/admin/users/{id}/identities/{identityId}', {
        params: { path: { id, identityId } },
      }),
    );
  return (
    <Ready of={identities}>
      {(found) => (
        <Listed
          title={say('identities')}
          lines={found.map((one) => ({
            key: one.id,
            cells: [
              one.issuer,
              one.subject,
              <EndButton key="e" text={say('unlink')} onDo={() => unlink(one.id)} />,
            ],
          }))}
        />
      )}
    </Ready>
  );
}

function LinkIdentity({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const say = useWords(words);
  const providers = useGet('/api/v1/admin/oidc-providers', { query: { limit: 200 } });
  return (
    <FormModal
      title={say('link')}
      fields={[
        {
          name: 'provider_id',
          label: say('provider'),
          kind: 'choice',
          required: true,
          options: (providers.data ?? []).map(({ id: value, name }) => ({ value, label: name })),
        },
        { name: 'subject', label: say('subject'), kind: 'text', required: true },
      ]}
      initial={{}}
      onClose={onClose}
      onSave={(body: Schemas['LinkIdentityDto']) =>
        dataOf(api.POST('/api/v1/admin/users/{id}/identities', { params: { path: { id } }, body }))
      }
    />
  );
}
