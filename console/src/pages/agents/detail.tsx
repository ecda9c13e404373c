import { Alert, Button, Card, Code, Group as Row, Stack, Text, Textarea, Title } from '@mantine/core';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { useMay } from '../../api/session';
import { ifMatch } from '../../api/versions';
import { useAct } from '../../parts/act';
import { OnOff } from '../../parts/badges';
import { Confirm } from '../../parts/confirm';
import { Facts } from '../../parts/facts';
import { FormModal } from '../../parts/form-modal';
import { SecretShown } from '../../parts/secret';
import { durationText, Time } from '../../parts/time';
import { common } from '../../words/common';
import { useWords } from '../../words/use-words';
import { type Agent, useVersionFields } from '.';
import { words } from './words';

type Version = Schemas['VersionDto'];

export function AgentDetail({ agent, onGone }: { readonly agent: Agent; readonly onGone: () => void }) {
  const say = useWords(words);
  const shared = useWords(common);
  const may = useMay();
  const fields = useVersionFields();
  const [doing, setDoing] = useState<'edit' | 'add' | 'remove' | null>(null);
  const params = { path: { id: agent.id } };
  const close = () => setDoing(null);
  return (
    <Stack>
      <Row gap="xs">
        <OnOff on={agent.enabled} />
        <Text className="wrap-any">{agent.description}</Text>
      </Row>
      {may('agents.write') && (
        <Row gap="xs">
          <Button size="xs" onClick={() => setDoing('edit')}>
            {shared('edit')}
          </Button>
          <Button size="xs" variant="default" onClick={() => setDoing('add')}>
            {say('add_version')}
          </Button>
          <Button size="xs" color="red" variant="light" onClick={() => setDoing('remove')}>
            {say('remove')}
          </Button>
        </Row>
      )}
      {agent.versions.map((version) => (
        <VersionCard key={version.id} version={version} />
      ))}
      {may('agents.write') && <TestChat agent={agent} />}
      {doing === 'edit' && (
        <FormModal
          title={agent.name}
          fields={[
            { name: 'name', label: shared('name'), kind: 'text', required: true },
            { name: 'description', label: shared('description'), kind: 'area' },
            { name: 'enabled', label: shared('enabled'), kind: 'switch' },
          ]}
          initial={agent}
          onClose={close}
          onRace={() => dataOf(api.GET('/api/v1/admin/agents/{id}', { params }))}
          onSave={(body: Schemas['UpdateAgentDto'], version) =>
            dataOf(
              api.PUT('/api/v1/admin/agents/{id}', { params: { ...params, header: ifMatch(version) }, body }),
            )
          }
        />
      )}
      {doing === 'add' && (
        <FormModal
          title={say('add_version')}
          fields={fields}
          initial={{ base_url: agent.versions[0]?.base_url, weight: 0, enabled: true }}
          onClose={close}
          onSave={(body: Schemas['CreateVersionDto']) =>
            dataOf(api.POST('/api/v1/admin/agents/{id}/versions', { params, body }))
          }
        />
      )}
      {doing === 'remove' && (
        <Confirm
          title={agent.name}
          text={say('remove_text')}
          typed={agent.name}
          doText={say('remove')}
          onClose={close}
          onDo={async () => {
            await dataOf(api.DELETE('/api/v1/admin/agents/{id}', { params }));
            onGone();
          }}
        />
      )}
    </Stack>
  );
}

function VersionCard({ version }: { readonly version: Version }) {
  const say = useWords(words);
  const shared = useWords(common);
  const may = useMay();
  const { act } = useAct();
  const fields = useVersionFields();
  const [doing, setDoing] = useState<'edit' | 'reveal' | 'remove' | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const params = { path: { id: version.id } };
  const close = () => setDoing(null);
  return (
    <Card withBorder>
      <Stack gap="xs">
        <Row justify="space-between">
          <Row gap="xs">
            <b>{version.label}</b> <OnOff on={version.enabled} />
          </Row>
          <Text size="sm">
            {say('weight')}: {version.weight}
          </Text>
        </Row>
        {version.problem && (
          <Alert color="red" title={say('problem')}>
            {version.problem}
          </Alert>
        )}
        {version.open_circuits.length > 0 && <Alert color="orange">{say('circuit')}</Alert>}
        <Facts
          facts={[
            { label: say('base_url'), value: version.base_url },
            { label: say('api_key'), value: <Code>{version.key_prefix}…</Code> },
            { label: say('mode'), value: version.mode ? `${version.mode} · ${version.app_name ?? ''}` : '–' },
            { label: shared('updated_at'), value: <Time at={version.checked_at ?? version.updated_at} /> },
          ]}
        />
        <Row gap="xs">
          {may('agents.write') && (
            <>
              <Button size="compact-xs" variant="default" onClick={() => setDoing('edit')}>
                {shared('edit')}
              </Button>
              <Button
                size="compact-xs"
                variant="default"
                onClick={() =>
                  void act(
                    () => dataOf(api.POST('/api/v1/admin/agent-versions/{id}/check', { params })),
                    shared('done'),
                  )
                }
              >
                {say('check')}
              </Button>
              {version.open_circuits.length > 0 && (
                <Button
                  size="compact-xs"
                  variant="default"
                  onClick={() =>
                    void act(
                      () => dataOf(api.POST('/api/v1/admin/agent-versions/{id}/circuit/reset', { params })),
                      shared('done'),
                    )
                  }
                >
                  {say('reset')}
                </Button>
              )}
              <Button size="compact-xs" variant="subtle" color="red" onClick={() => setDoing('remove')}>
                {say('remove')}
              </Button>
            </>
          )}
          {may('keys.reveal') && (
            <Button size="compact-xs" variant="default" onClick={() => setDoing('reveal')}>
              {say('reveal')}
            </Button>
          )}
        </Row>
      </Stack>
      {doing === 'edit' && (
        <FormModal
          title={version.label}
          fields={fields}
          initial={version}
          onClose={close}
          onRace={() => dataOf(api.GET('/api/v1/admin/agent-versions/{id}', { params }))}
          onSave={(body: Schemas['UpdateVersionDto'], tag) =>
            dataOf(
              api.PUT('/api/v1/admin/agent-versions/{id}', {
                params: { ...params, header: ifMatch(tag) },
                body,
              }),
            )
          }
        />
      )}
      {doing === 'reveal' && (
        <Confirm
          title={say('reveal')}
          text={say('reveal_text')}
          doText={say('reveal')}
          onClose={close}
          onDo={async () =>
            setSecret(
              (await dataOf(api.POST('/api/v1/admin/agent-versions/{id}/reveal', { params }))).api_key,
            )
          }
        />
      )}
      {doing === 'remove' && (
        <Confirm
          title={version.label}
          text={say('remove_text')}
          doText={say('remove')}
          onClose={close}
          onDo={() => dataOf(api.DELETE('/api/v1/admin/agent-versions/{id}', { params }))}
        />
      )}
      {secret && (
        <SecretShown
          title={version.label}
          lines={[{ label: say('api_key'), text: secret }]}
          onClose={() => setSecret(null)}
        />
      )}
    </Card>
  );
}

function TestChat({ agent }: { readonly agent: Agent }) {
  const say = useWords(words);
  const { act, isBusy } = useAct();
  const [query, setQuery] = useState('');
  const [answer, setAnswer] = useState<Schemas['AgentTestDto'] | null>(null);
  const ask = async () =>
    setAnswer(
      (await act(() =>
        dataOf(
          api.POST('/api/v1/admin/agents/{id}/test', { params: { path: { id: agent.id } }, body: { query } }),
        ),
      )) ?? null,
    );
  return (
    <Card withBorder>
      <Stack gap="xs">
        <Title order={3} size="h5">
          {say('test')}
        </Title>
        <Textarea
          label={say('query')}
          autosize
          minRows={2}
          value={query}
          onChange={({ currentTarget }) => setQuery(currentTarget.value)}
        />
        <Row>
          <Button size="xs" loading={isBusy} disabled={query.trim() === ''} onClick={() => void ask()}>
            {say('ask')}
          </Button>
        </Row>
        {answer && (
          <Alert color={answer.ok ? 'teal' : 'red'} role="status">
            <Text size="sm" style={{ whiteSpace: 'pre-wrap' }} className="wrap-any">
              {answer.text ?? answer.failure?.message}
            </Text>
            <Text size="xs">
              {say('answered', {
                label: answer.version_label,
                first: durationText(answer.first_text_ms),
                all: durationText(answer.duration_ms),
              })}
            </Text>
          </Alert>
        )}
      </Stack>
    </Card>
  );
}
