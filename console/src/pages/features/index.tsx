import { Stack, Text } from '@mantine/core';
import { api, dataOf, type Schemas } from '../../api/client';
import { useGet } from '../../api/queries';
import { useMay } from '../../api/session';
import { ifMatch } from '../../api/versions';
import { OnOff } from '../../parts/badges';
import { atOnce, Collection } from '../../parts/collection';
import type { Column } from '../../parts/data-table';
import { EditOrRemove } from '../../parts/edit-or-remove';
import type { Field } from '../../parts/fields';
import { Time } from '../../parts/time';
import { useRoles } from '../people';
import { common } from '../../words/common';
import { useWords } from '../../words/use-words';
import { words } from './words';

type Feature = Schemas['FeatureDto'];
type Body = Schemas['PutFeatureDto'];

function put({ scope, name }: Pick<Feature, 'scope' | 'name'>, body: Body, version?: number) {
  const params = { path: { name }, header: ifMatch(version) };
  return scope === 'tenant'
    ? dataOf(api.PUT('/api/v1/admin/features/{name}', { params, body }))
    : dataOf(api.PUT('/api/v1/admin/installation/features/{name}', { params, body }));
}

function remove({ scope, name }: Feature): Promise<unknown> {
  const params = { path: { name } };
  return scope === 'tenant'
    ? dataOf(api.DELETE('/api/v1/admin/features/{name}', { params }))
    : dataOf(api.DELETE('/api/v1/admin/installation/features/{name}', { params }));
}

function read({ scope, name }: Feature): Promise<Feature> {
  const params = { path: { name } };
  return scope === 'tenant'
    ? dataOf(api.GET('/api/v1/admin/features/{name}', { params }))
    : dataOf(api.GET('/api/v1/admin/installation/features/{name}', { params }));
}

function useFields(): readonly Field[] {
  const say = useWords(words);
  const shared = useWords(common);
  return [
    { name: 'enabled', label: shared('enabled'), kind: 'switch' },
    {
      name: 'percentage',
      label: say('percentage'),
      hint: say('percentage_hint'),
      kind: 'number',
      min: 0,
      max: 100,
    },
    { name: 'roles', label: say('roles'), hint: say('roles_hint'), kind: 'choices', options: useRoles() },
    { name: 'description', label: shared('description'), kind: 'text' },
  ];
}

export function FeaturesPage() {
  const say = useWords(words);
  const shared = useWords(common);
  const may = useMay();
  const fields = useFields();
  const own = useGet('/api/v1/admin/features');
  const all = useGet('/api/v1/admin/installation/features');
  const mine = useGet('/api/v1/features');
  const forMe = new Map((mine.data ?? []).map(({ name, enabled }) => [name, enabled]));
  const data = own.data && all.data ? [...own.data, ...all.data] : undefined;
  const list = atOnce<Feature>({ ...own, data } as never);
  const columns: Column<Feature>[] = [
    { key: 'name', title: say('name'), cell: ({ name }) => name },
    { key: 'scope', title: say('scope'), cell: ({ scope }) => say(scope) },
    { key: 'enabled', title: shared('state'), cell: ({ enabled }) => <OnOff on={enabled} /> },
    { key: 'percentage', title: say('percentage'), end: true, cell: ({ percentage }) => `${percentage} %` },
    { key: 'yours', title: say('yours'), cell: ({ name }) => shared(forMe.get(name) ? 'yes' : 'no') },
    { key: 'about', title: shared('description'), cell: ({ description }) => description },
    { key: 'changed', title: shared('updated_at'), cell: ({ updated_at }) => <Time at={updated_at} /> },
  ];
  const scopes = [
    { value: 'tenant', label: say('tenant') },
    ...(may('tenants.manage') ? [{ value: 'installation', label: say('installation') }] : []),
  ];
  return (
    <Collection
      title={say('title')}
      about={say('about')}
      emptyText={say('empty')}
      list={list}
      columns={columns}
      idOf={({ scope, name }) => `${scope} ${name}`}
      make={{
        text: say('new'),
        permission: 'features.write',
        fields: [
          { name: 'name', label: say('name'), kind: 'text', required: true },
          { name: 'scope', label: say('scope'), kind: 'choice', required: true, options: scopes },
          ...fields,
        ],
        initial: { scope: 'tenant', enabled: true, percentage: 100 },
        save: ({ name, scope, ...body }: Body & Pick<Feature, 'name' | 'scope'>) =>
          put({ name, scope }, body),
      }}
      detail={{
        title: ({ name }) => name,
        show: (feature, close) => <Detail feature={feature} fields={fields} onGone={close} />,
      }}
    />
  );
}

type DetailProps = {
  readonly feature: Feature;
  readonly fields: readonly Field[];
  readonly onGone: () => void;
};

function Detail({ feature, fields, onGone }: DetailProps) {
  const say = useWords(words);
  const shared = useWords(common);
  const may = useMay();
  const mayChange = may(feature.scope === 'tenant' ? 'features.write' : 'tenants.manage');
  return (
    <Stack>
      <Text>{feature.description}</Text>
      <Text size="sm">
        {say('scope')}: {say(feature.scope)} · {feature.percentage} % ·{' '}
        {feature.roles.join(', ') || shared('all')}
      </Text>
      {mayChange && (
        <EditOrRemove
          edit={{
            title: feature.name,
            fields,
            initial: feature,
            onRace: () => read(feature),
            onSave: (body: Body, version) => put(feature, body, version),
          }}
          remove={{
            title: feature.name,
            text: say('remove_text'),
            onDo: async () => {
              await remove(feature);
              onGone();
            },
          }}
        />
      )}
    </Stack>
  );
}
