import { Badge, Button, Card, Group as Row, Progress, Stack, Text } from '@mantine/core';
import { Download } from 'lucide-react';
import { useState } from 'react';
import { api, dataOf, download, type Schemas } from '../../api/client';
import { useGet, useList } from '../../api/queries';
import { useMay } from '../../api/session';
import { ifMatch } from '../../api/versions';
import { useAct } from '../../parts/act';
import { StateBadge } from '../../parts/badges';
import { Collection } from '../../parts/collection';
import { Confirm } from '../../parts/confirm';
import type { Column } from '../../parts/data-table';
import { Facts } from '../../parts/facts';
import { onlyThese, useAddress } from '../../parts/filters';
import { FormModal } from '../../parts/form-modal';
import { SecretShown } from '../../parts/secret';
import { numberText, Time } from '../../parts/time';
import { common } from '../../words/common';
import { useWords } from '../../words/use-words';
import { words } from './words';

type Tenant = Schemas['TenantDto'];

export function TenantsPage() {
  const say = useWords(words);
  const shared = useWords(common);
  const may = useMay();
  const { act, isBusy } = useAct();
  const [address] = useAddress();
  const [made, setMade] = useState<Schemas['CreatedTenantDto'] | null>(null);
  const list = useList('/api/v1/admin/tenants', { query: onlyThese(address, ['q']) });
  const columns: Column<Tenant>[] = [
    {
      key: 'name',
      title: shared('name'),
      cell: ({ name, is_operating }) => (
        <>
          {name}{' '}
          {is_operating && (
            <Badge variant="light" color="grape" tt="none" component="span">
              {say('operating')}
            </Badge>
          )}
        </>
      ),
    },
    { key: 'state', title: shared('state'), cell: ({ status }) => <StateBadge state={status} /> },
    { key: 'people', title: say('people'), end: true, cell: ({ user_count }) => numberText(user_count) },
    { key: 'groups', title: say('groups'), end: true, cell: ({ group_count }) => numberText(group_count) },
    {
      key: 'keys',
      title: say('keys'),
      end: true,
      cell: ({ active_key_count }) => numberText(active_key_count),
    },
    { key: 'created', title: shared('created_at'), cell: ({ created_at }) => <Time at={created_at} /> },
  ];
  return (
    <>
      <Collection
        title={say('title')}
        about={say('about')}
        actions={
          may('tenant.export') && (
            <Button
              variant="default"
              loading={isBusy}
              leftSection={<Download size={16} />}
              onClick={() => void act(() => download('/api/v1/admin/tenant/export', {}))}
            >
              {say('export')}
            </Button>
          )
        }
        list={list}
        columns={columns}
        idOf={({ id }) => id}
        filters={[{ name: 'q', label: say('filter'), kind: 'text' }]}
        make={{
          text: say('new'),
          permission: 'tenants.manage',
          fields: [
            { name: 'name', label: shared('name'), kind: 'text', required: true },
            { name: 'owner_email', label: say('owner_email'), kind: 'text', required: true },
            { name: 'owner_name', label: say('owner_name'), kind: 'text' },
          ],
          save: async (body: Schemas['CreateTenantDto']) =>
            setMade(await dataOf(api.POST('/api/v1/admin/tenants', { body }))),
        }}
        detail={{ title: ({ name }) => name, show: (tenant) => <Detail key={tenant.id} tenant={tenant} /> }}
      >
        <Deletions />
      </Collection>
      {made && (
        <SecretShown
          title={say('made')}
          lines={[{ label: say('owner_password', { email: made.owner_email }), text: made.owner_password }]}
          onClose={() => setMade(null)}
        />
      )}
    </>
  );
}

function Detail({ tenant }: { readonly tenant: Tenant }) {
  const say = useWords(words);
  const shared = useWords(common);
  const [doing, setDoing] = useState<'rename' | 'suspend' | 'delete' | null>(null);
  const { act } = useAct();
  const params = { path: { id: tenant.id } };
  const close = () => setDoing(null);
  return (
    <Stack>
      <Facts
        facts={[
          { label: shared('state'), value: <StateBadge state={tenant.status} /> },
          { label: say('people'), value: numberText(tenant.user_count) },
          { label: say('groups'), value: numberText(tenant.group_count) },
          { label: say('keys'), value: numberText(tenant.active_key_count) },
        ]}
      />
      <Row gap="xs">
        <Button size="xs" onClick={() => setDoing('rename')}>
          {say('rename')}
        </Button>
        {tenant.status === 'active' && !tenant.is_operating && (
          <Button size="xs" variant="light" color="red" onClick={() => setDoing('suspend')}>
            {say('suspend')}
          </Button>
        )}
        {tenant.status === 'suspended' && (
          <>
            <Button
              size="xs"
              variant="default"
              onClick={() =>
                void act(
                  () => dataOf(api.POST('/api/v1/admin/tenants/{id}/resume', { params })),
                  shared('done'),
                )
              }
            >
              {say('resume')}
            </Button>
            <Button size="xs" color="red" onClick={() => setDoing('delete')}>
              {say('delete')}
            </Button>
          </>
        )}
      </Row>
      {doing === 'rename' && (
        <FormModal
          title={say('rename')}
          fields={[{ name: 'name', label: shared('name'), kind: 'text', required: true }]}
          initial={tenant}
          onClose={close}
          onRace={() => dataOf(api.GET('/api/v1/admin/tenants/{id}', { params }))}
          onSave={(body: Schemas['RenameTenantDto'], version) =>
            dataOf(
              api.PUT('/api/v1/admin/tenants/{id}', {
                params: { ...params, header: ifMatch(version) },
                body,
              }),
            )
          }
        />
      )}
      {doing === 'suspend' && (
        <Confirm
          title={say('suspend')}
          text={say('suspend_text')}
          typed={tenant.name}
          doText={say('suspend')}
          onClose={close}
          onDo={() => dataOf(api.POST('/api/v1/admin/tenants/{id}/suspend', { params }))}
        />
      )}
      {doing === 'delete' && (
        <Confirm
          title={say('delete')}
          text={say('delete_text')}
          typed={tenant.name}
          doText={say('delete')}
          onClose={close}
          onDo={() =>
            dataOf(
              api.DELETE('/api/v1/admin/tenants/{id}', {
                params: { ...params, query: { confirm: tenant.name } },
              }),
            )
          }
        />
      )}
    </Stack>
  );
}

function Deletions() {
  const say = useWords(words);
  const jobs = useGet('/api/v1/admin/tenant-jobs', { query: { limit: 20 } });
  if (!jobs.data || jobs.data.length === 0) return null;
  return (
    <Card withBorder>
      <Text fw={600} size="sm">
        {say('deletions')}
      </Text>
      {jobs.data.map((job) => (
        <Stack key={job.id} gap={4} py={6}>
          <Row gap="xs">
            {job.subject_name} <StateBadge state={job.status} /> {job.error}
            {job.total_rows !== null && (
              <Text size="xs">
                {say('rows', { done: numberText(job.done_rows), total: numberText(job.total_rows) })}
              </Text>
            )}
          </Row>
          {job.total_rows ? (
            <Progress value={(job.done_rows / job.total_rows) * 100} aria-label={job.subject_name} />
          ) : null}
        </Stack>
      ))}
    </Card>
  );
}
