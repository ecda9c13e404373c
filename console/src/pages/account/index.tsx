import { Alert, Badge, Button, Card, Group as Row, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useMemo, useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { useList } from '../../api/queries';
import { useProfile } from '../../api/session';
import { useAct } from '../../parts/act';
import { StateBadge } from '../../parts/badges';
import { Confirm } from '../../parts/confirm';
import { type Column, ListTable } from '../../parts/data-table';
import { Empty } from '../../parts/empty';
import { Facts } from '../../parts/facts';
import { FormModal } from '../../parts/form-modal';
import { Page } from '../../parts/page';
import { SecretShown } from '../../parts/secret';
import { Time } from '../../parts/time';
import { common } from '../../words/common';
import { roleWords } from '../../words/states';
import { useWords } from '../../words/use-words';
import { FactorPart } from './factor';
import { words } from './words';

export function AccountPage() {
  const say = useWords(words);
  const shared = useWords(common);
  const role = useWords(roleWords);
  const profile = useProfile();
  const [isChanging, setIsChanging] = useState(false);
  const roles = profile.roles
    .map((name) => (name in roleWords.words ? role(name as 'owner') : name))
    .join(', ');
  return (
    <Page title={say('title')}>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Part title={say('who')}>
          <Facts
            facts={[
              { label: shared('name'), value: profile.display_name },
              { label: shared('email'), value: profile.email },
              { label: say('username'), value: profile.username },
              { label: say('tenant'), value: profile.tenant_name },
              { label: shared('roles'), value: roles },
            ]}
          />
          <Row>
            <Button variant="default" onClick={() => setIsChanging(true)}>
              {say('change_password')}
            </Button>
          </Row>
        </Part>
        <FactorPart />
      </SimpleGrid>
      <Sessions />
      <Tokens />
      {isChanging && (
        <FormModal
          title={say('change_password')}
          fields={[
            { name: 'old_password', label: say('old_password'), kind: 'password', required: true },
            {
              name: 'new_password',
              label: say('new_password'),
              hint: say('password_hint'),
              kind: 'password',
              required: true,
            },
          ]}
          initial={{}}
          onClose={() => setIsChanging(false)}
          onSave={(body: Schemas['ChangePasswordDto']) => dataOf(api.POST('/api/v1/auth/password', { body }))}
        />
      )}
    </Page>
  );
}

export function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Card withBorder radius="md">
      <Stack>
        <Title order={2} size="h4">
          {title}
        </Title>
        {children}
      </Stack>
    </Card>
  );
}

function Sessions() {
  const say = useWords(words);
  const shared = useWords(common);
  const { act } = useAct();
  const [isEnding, setIsEnding] = useState(false);
  const list = useList('/api/v1/auth/sessions');
  const columns = useMemo(
    (): Column<Schemas['SessionDto']>[] => [
      {
        key: 'from',
        title: say('address_from'),
        cell: ({ ip, current }) => (
          <>
            {ip ?? '–'}{' '}
            {current && (
              <Badge color="teal" variant="light" tt="none">
                {say('here')}
              </Badge>
            )}
          </>
        ),
      },
      { key: 'method', title: say('method'), cell: ({ method }) => method },
      { key: 'browser', title: say('browser'), cell: ({ user_agent }) => user_agent ?? '–' },
      { key: 'used', title: shared('last_used'), cell: ({ last_used_at }) => <Time at={last_used_at} /> },
      {
        key: 'end',
        title: '',
        cell: ({ id, current }) =>
          !current && (
            <Button
              size="compact-xs"
              variant="default"
              onClick={() =>
                void act(
                  () => dataOf(api.DELETE('/api/v1/auth/sessions/{id}', { params: { path: { id } } })),
                  shared('done'),
                )
              }
            >
              {say('end')}
            </Button>
          ),
      },
    ],
    [say, shared, act],
  );
  return (
    <Part title={say('sessions')}>
      <ListTable
        label={say('sessions')}
        list={list}
        columns={columns}
        idOf={({ id }) => id}
        height="40vh"
        empty={null}
      />
      <Row>
        <Button color="red" variant="light" onClick={() => setIsEnding(true)}>
          {say('end_others')}
        </Button>
      </Row>
      {isEnding && (
        <Confirm
          title={say('end_others')}
          text={say('end_others_text')}
          doText={say('end_others')}
          onClose={() => setIsEnding(false)}
          onDo={() => dataOf(api.DELETE('/api/v1/auth/sessions'))}
        />
      )}
    </Part>
  );
}

function Tokens() {
  const say = useWords(words);
  const shared = useWords(common);
  const { act } = useAct();
  const { permissions } = useProfile();
  const [isMaking, setIsMaking] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const list = useList('/api/v1/auth/tokens');
  const columns = useMemo(
    (): Column<Schemas['PersonalTokenDto']>[] => [
      { key: 'name', title: shared('name'), cell: ({ name }) => name },
      {
        key: 'state',
        title: shared('state'),
        cell: ({ revoked_at }) => <StateBadge state={revoked_at ? 'revoked' : 'active'} />,
      },
      { key: 'scopes', title: say('scopes'), cell: ({ scopes }) => scopes.join(', ') },
      { key: 'used', title: shared('last_used'), cell: ({ last_used_at }) => <Time at={last_used_at} /> },
      { key: 'expires', title: shared('expires'), cell: ({ expires_at }) => <Time at={expires_at} /> },
      {
        key: 'revoke',
        title: '',
        cell: ({ id, revoked_at }) =>
          !revoked_at && (
            <Button
              size="compact-xs"
              variant="default"
              onClick={() =>
                void act(
                  () => dataOf(api.DELETE('/api/v1/auth/tokens/{id}', { params: { path: { id } } })),
                  shared('done'),
                )
              }
            >
              {say('revoke')}
            </Button>
          ),
      },
    ],
    [say, shared, act],
  );
  return (
    <Part title={say('tokens')}>
      <Text size="sm" c="dimmed">
        {say('tokens_about')}
      </Text>
      <ListTable
        label={say('tokens')}
        list={list}
        columns={columns}
        idOf={({ id }) => id}
        height="40vh"
        empty={<Empty text={say('no_tokens')} />}
      />
      <Row>
        <Button onClick={() => setIsMaking(true)}>{say('new_token')}</Button>
      </Row>
      {isMaking && (
        <FormModal
          title={say('new_token')}
          fields={[
            { name: 'name', label: shared('name'), kind: 'text', required: true },
            {
              name: 'scopes',
              label: say('scopes'),
              kind: 'choices',
              required: true,
              options: permissions.map((value) => ({ value, label: value })),
            },
            { name: 'expires_at', label: shared('expires'), kind: 'time', required: true },
          ]}
          initial={{ expires_at: new Date(Date.now() + 90 * 86_400_000).toISOString() }}
          saveText={shared('create')}
          onClose={() => setIsMaking(false)}
          onSave={async (body: Schemas['CreatePersonalTokenDto']) =>
            setSecret((await dataOf(api.POST('/api/v1/auth/tokens', { body }))).token)
          }
        />
      )}
      {secret && (
        <SecretShown
          title={say('token_made')}
          lines={[{ label: say('tokens'), text: secret }]}
          onClose={() => setSecret(null)}
        />
      )}
    </Part>
  );
}

export function Missing({ text }: { readonly text: string }) {
  return <Alert color="yellow">{text}</Alert>;
}
