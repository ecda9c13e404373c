import { Button, Card, Code, Group as Row, Stack } from '@mantine/core';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { useGet, useList } from '../../api/queries';
import { useMay } from '../../api/session';
import { ifMatch } from '../../api/versions';
import { useAct } from '../../parts/act';
import { OnOff } from '../../parts/badges';
import { Collection } from '../../parts/collection';
import type { Column } from '../../parts/data-table';
import { EditOrRemove } from '../../parts/edit-or-remove';
import { Facts } from '../../parts/facts';
import type { Field } from '../../parts/fields';
import { FormModal } from '../../parts/form-modal';
import { Ready } from '../../parts/page';
import { SecretShown } from '../../parts/secret';
import { useRoles } from '../people';
import { common } from '../../words/common';
import { useWords } from '../../words/use-words';
import { words } from './words';

type Provider = Schemas['OidcProviderDto'];

function useFields(): readonly Field[] {
  const say = useWords(words);
  const shared = useWords(common);
  return [
    { name: 'name', label: shared('name'), kind: 'text', required: true },
    { name: 'issuer', label: say('issuer'), kind: 'text', required: true },
    { name: 'client_id', label: say('client_id'), kind: 'text', required: true },
    { name: 'client_secret', label: say('client_secret'), kind: 'password' },
    { name: 'scopes', label: say('scopes'), kind: 'tags' },
    { name: 'email_claim', label: say('email_claim'), kind: 'text' },
    { name: 'name_claim', label: say('name_claim'), kind: 'text' },
    { name: 'roles_claim', label: say('roles_claim'), kind: 'text' },
    { name: 'role_map', label: say('role_map'), kind: 'json' },
    { name: 'default_roles', label: say('default_roles'), kind: 'choices', options: useRoles() },
    { name: 'email_domains', label: say('email_domains'), kind: 'tags' },
    { name: 'create_users', label: say('create_users'), kind: 'switch' },
    { name: 'enabled', label: shared('enabled'), kind: 'switch' },
  ];
}

const FRESH = {
  scopes: ['openid', 'email', 'profile'],
  email_claim: 'email',
  name_claim: 'name',
  enabled: true,
};

export function SignInSettingsPage() {
  const say = useWords(words);
  const shared = useWords(common);
  const fields = useFields();
  const list = useList('/api/v1/admin/oidc-providers');
  const columns: Column<Provider>[] = [
    { key: 'name', title: shared('name'), cell: ({ name }) => name },
    { key: 'issuer', title: say('issuer'), cell: ({ issuer }) => issuer },
    { key: 'state', title: shared('state'), cell: ({ enabled }) => <OnOff on={enabled} /> },
  ];
  return (
    <Collection
      title={say('title')}
      about={say('about')}
      emptyText={say('empty')}
      list={list}
      columns={columns}
      idOf={({ id }) => id}
      make={{
        text: say('add'),
        permission: 'users.write',
        fields,
        initial: FRESH,
        save: (body) => dataOf(api.POST('/api/v1/admin/oidc-providers', { body })),
      }}
      detail={{
        title: ({ name }) => name,
        show: (provider, close) => (
          <Detail key={provider.id} provider={provider} fields={fields} onGone={close} />
        ),
      }}
    >
      <Settings />
    </Collection>
  );
}

function Settings() {
  const say = useWords(words);
  const shared = useWords(common);
  const may = useMay();
  const { act } = useAct();
  const settings = useGet('/api/v1/admin/sign-in-settings');
  const [isChanging, setIsChanging] = useState(false);
  const [code, setCode] = useState<string | null>(null);
  const newCode = async () =>
    setCode(
      (await act(() => dataOf(api.POST('/api/v1/admin/sign-in-settings/registration-code'))))?.code ?? null,
    );
  return (
    <Card withBorder radius="md">
      <Ready of={settings}>
        {(shown) => (
          <Stack gap="sm">
            <Facts
              columns={3}
              facts={[
                { label: say('registration'), value: say(shown.registration) },
                {
                  label: say('require_second_factor'),
                  value: shared(shown.require_second_factor ? 'yes' : 'no'),
                },
                { label: say('verify_addresses'), value: shared(shown.verify_addresses ? 'yes' : 'no') },
              ]}
            />
            {may('users.write') && (
              <Row gap="xs">
                <Button size="xs" variant="default" onClick={() => setIsChanging(true)}>
                  {shared('edit')}
                </Button>
                {shown.registration === 'code' && (
                  <Button size="xs" variant="default" onClick={() => void newCode()}>
                    {say('new_code')}
                  </Button>
                )}
              </Row>
            )}
            {isChanging && (
              <FormModal
                title={say('title')}
                fields={[
                  {
                    name: 'registration',
                    label: say('registration'),
                    kind: 'choice',
                    required: true,
                    options: (['off', 'open', 'code'] as const).map((value) => ({
                      value,
                      label: say(value),
                    })),
                  },
                  { name: 'require_second_factor', label: say('require_second_factor'), kind: 'switch' },
                  { name: 'verify_addresses', label: say('verify_addresses'), kind: 'switch' },
                ]}
                initial={shown}
                onClose={() => setIsChanging(false)}
                onRace={() => dataOf(api.GET('/api/v1/admin/sign-in-settings'))}
                onSave={(body: Schemas['UpdateSignInSettingsDto'], version) =>
                  dataOf(
                    api.PUT('/api/v1/admin/sign-in-settings', { params: { header: ifMatch(version) }, body }),
                  )
                }
              />
            )}
          </Stack>
        )}
      </Ready>
      {code && (
        <SecretShown
          title={say('new_code')}
          lines={[{ label: say('code_shown'), text: code }]}
          onClose={() => setCode(null)}
        />
      )}
    </Card>
  );
}

type DetailProps = {
  readonly provider: Provider;
  readonly fields: readonly Field[];
  readonly onGone: () => void;
};

function Detail({ provider, fields, onGone }: DetailProps) {
  const say = useWords(words);
  const may = useMay();
  const params = { path: { id: provider.id } };
  return (
    <Stack>
      <Facts
        columns={1}
        facts={[
          { label: say('issuer'), value: provider.issuer },
          { label: say('client_id'), value: provider.client_id },
          { label: say('redirect_uri'), value: <Code className="wrap-any">{provider.redirect_uri}</Code> },
          { label: say('start_url'), value: <Code className="wrap-any">{provider.start_url}</Code> },
        ]}
      />
      {may('users.write') && (
        <EditOrRemove
          edit={{
            title: provider.name,
            fields,
            initial: provider,
            onRace: () => dataOf(api.GET('/api/v1/admin/oidc-providers/{id}', { params })),
            onSave: (body: Schemas['UpdateOidcProviderDto'], version) =>
              dataOf(
                api.PUT('/api/v1/admin/oidc-providers/{id}', {
                  params: { ...params, header: ifMatch(version) },
                  body,
                }),
              ),
          }}
          remove={{
            title: provider.name,
            text: say('remove_text'),
            typed: provider.name,
            onDo: async () => {
              await dataOf(api.DELETE('/api/v1/admin/oidc-providers/{id}', { params }));
              onGone();
            },
          }}
        />
      )}
    </Stack>
  );
}
