import { Button } from '@mantine/core';
import { useMemo, useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { useList } from '../../api/queries';
import { useMay } from '../../api/session';
import { OnOff } from '../../parts/badges';
import { Collection } from '../../parts/collection';
import type { Column } from '../../parts/data-table';
import type { Field } from '../../parts/fields';
import { onlyThese, useAddress } from '../../parts/filters';
import { FormModal } from '../../parts/form-modal';
import { Time } from '../../parts/time';
import { common } from '../../words/common';
import { roleWords } from '../../words/states';
import { useWords } from '../../words/use-words';
import { PersonDetail } from './detail';
import { words } from './words';

export type Person = Schemas['UserDto'];

export function useRoles() {
  const role = useWords(roleWords);
  return (Object.keys(roleWords.words) as (keyof typeof roleWords.words)[]).map((value) => ({
    value,
    label: role(value),
  }));
}

/** What a person is asked for, anew or changed. */
export function usePersonFields(): readonly Field[] {
  const say = useWords(words);
  const shared = useWords(common);
  return [
    { name: 'display_name', label: shared('name'), kind: 'text', required: true },
    { name: 'email', label: shared('email'), kind: 'text', required: true },
    { name: 'username', label: say('username'), kind: 'text' },
    { name: 'roles', label: shared('roles'), kind: 'choices', required: true, options: useRoles() },
    { name: 'tier', label: say('tier'), kind: 'text' },
    { name: 'phone', label: say('phone'), kind: 'text' },
  ];
}

export function PeoplePage() {
  const say = useWords(words);
  const shared = useWords(common);
  const may = useMay();
  const roles = useRoles();
  const fields = usePersonFields();
  const [address] = useAddress();
  const [isRegistering, setIsRegistering] = useState(false);
  const list = useList('/api/v1/admin/users', {
    query: onlyThese(address, ['q', 'role', 'enabled']) as object,
  });
  const labelOf = useMemo(
    () => new Map<string, string>(roles.map(({ value, label }) => [value, label])),
    [roles],
  );
  const columns: Column<Person>[] = [
    { key: 'name', title: shared('name'), cell: ({ display_name }) => display_name },
    { key: 'email', title: shared('email'), cell: ({ email }) => email },
    {
      key: 'roles',
      title: shared('roles'),
      cell: ({ roles: names }) => names.map((name) => labelOf.get(name) ?? name).join(', '),
    },
    { key: 'state', title: shared('state'), cell: ({ enabled }) => <OnOff on={enabled} /> },
    {
      key: 'factor',
      title: say('factor'),
      cell: ({ has_second_factor }) => shared(has_second_factor ? 'yes' : 'no'),
    },
    { key: 'created', title: shared('created_at'), cell: ({ created_at }) => <Time at={created_at} /> },
  ];
  return (
    <>
      <Collection
        title={say('title')}
        about={say('about')}
        actions={
          may('customers.register') && (
            <Button variant="default" onClick={() => setIsRegistering(true)}>
              {say('register')}
            </Button>
          )
        }
        list={list}
        columns={columns}
        idOf={({ id }) => id}
        filters={[
          { name: 'q', label: say('filter'), kind: 'text' },
          { name: 'role', label: shared('role'), kind: 'choice', options: roles },
          {
            name: 'enabled',
            label: shared('state'),
            kind: 'choice',
            options: [
              { value: 'true', label: shared('enabled') },
              { value: 'false', label: shared('disabled') },
            ],
          },
        ]}
        make={{
          text: say('add'),
          permission: 'users.write',
          fields: [
            ...fields,
            { name: 'password', label: shared('password'), hint: say('password_hint'), kind: 'password' },
          ],
          save: (body) => dataOf(api.POST('/api/v1/admin/users', { body })),
        }}
        detail={{
          title: ({ display_name }) => display_name,
          show: (person, close) => <PersonDetail key={person.id} person={person} onGone={close} />,
        }}
      />
      {isRegistering && (
        <FormModal
          title={say('register')}
          fields={fields.filter(({ name }) => ['display_name', 'email', 'phone'].includes(name))}
          initial={{}}
          saveText={shared('create')}
          onClose={() => setIsRegistering(false)}
          onSave={(body: Schemas['RegisterForDto']) =>
            dataOf(api.POST('/api/v1/admin/registrations', { body }))
          }
        />
      )}
    </>
  );
}
