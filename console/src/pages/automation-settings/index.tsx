import { Alert, Button, Card, Group as Row, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { useGet } from '../../api/queries';
import { useMay } from '../../api/session';
import { ifMatch } from '../../api/versions';
import { Facts } from '../../parts/facts';
import type { Field } from '../../parts/fields';
import { FormModal } from '../../parts/form-modal';
import { Page, Ready } from '../../parts/page';
import { common } from '../../words/common';
import { states } from '../../words/states';
import { useWords } from '../../words/use-words';
import { Templates } from './templates';
import { words } from './words';

export function AutomationSettingsPage() {
  const say = useWords(words);
  const overview = useGet('/api/v1/admin/registration-automation/settings');
  return (
    <Page title={say('title')} about={say('about')}>
      <Greeting />
      <Ready of={overview}>{(shown) => <Elsewhere shown={shown} />}</Ready>
      <Templates />
    </Page>
  );
}

export function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Card withBorder radius="md">
      <Stack gap="sm" align="stretch">
        <Title order={2} size="h5">
          {title}
        </Title>
        {children}
      </Stack>
    </Card>
  );
}

function useFields(): readonly Field[] {
  const say = useWords(words);
  const groups = useGet('/api/v1/admin/groups', { query: { limit: 200 } });
  return [
    {
      name: 'strategy',
      label: say('strategy'),
      kind: 'choice',
      required: true,
      options: (['agent', 'template', 'off'] as const).map((value) => ({ value, label: say(value) })),
    },
    { name: 'default_language', label: say('default_language'), kind: 'text', required: true },
    { name: 'conversation_title', label: say('conversation_title'), kind: 'text', required: true },
    {
      name: 'conversation_channel',
      label: say('conversation_channel'),
      kind: 'choice',
      required: true,
      options: ['app', 'wechat', 'web', 'phone'].map((value) => ({ value, label: value })),
    },
    { name: 'conversation_ai_enabled', label: say('conversation_ai_enabled'), kind: 'switch' },
    { name: 'required_tools', label: say('required_tools'), hint: say('required_tools_hint'), kind: 'tags' },
    {
      name: 'group_id',
      label: say('group_id'),
      kind: 'choice',
      options: (groups.data ?? []).map(({ id, name }) => ({ value: id, label: name })),
    },
    { name: 'catch_up_hours', label: say('catch_up_hours'), kind: 'number', min: 0 },
    { name: 'alert_after_minutes', label: say('alert_after_minutes'), kind: 'number', min: 0 },
  ];
}

function Greeting() {
  const say = useWords(words);
  const shared = useWords(common);
  const may = useMay();
  const fields = useFields();
  const settings = useGet('/api/v1/admin/automation/settings');
  const [isChanging, setIsChanging] = useState(false);
  return (
    <Part title={say('greeting')}>
      <Ready of={settings}>
        {(shown) => (
          <>
            {shown.tools_problem && (
              <Alert color="orange" title={say('tools_problem')}>
                {shown.tools_problem}
              </Alert>
            )}
            <Facts
              columns={3}
              facts={[
                { label: say('strategy'), value: say(shown.strategy) },
                { label: say('default_language'), value: shown.default_language },
                { label: say('conversation_title'), value: shown.conversation_title },
                { label: say('conversation_channel'), value: shown.conversation_channel },
                {
                  label: say('conversation_ai_enabled'),
                  value: shared(shown.conversation_ai_enabled ? 'yes' : 'no'),
                },
                { label: say('required_tools'), value: shown.required_tools.join(', ') || shared('none') },
              ]}
            />
            {may('automation.write') && (
              <Row>
                <Button size="xs" onClick={() => setIsChanging(true)}>
                  {shared('edit')}
                </Button>
              </Row>
            )}
            {isChanging && (
              <FormModal
                title={say('greeting')}
                fields={fields}
                initial={shown}
                onClose={() => setIsChanging(false)}
                onRace={() => dataOf(api.GET('/api/v1/admin/automation/settings'))}
                onSave={(body: Schemas['PutAutomationSettingsDto'], version) =>
                  dataOf(
                    api.PUT('/api/v1/admin/automation/settings', {
                      params: { header: ifMatch(version) },
                      body,
                    }),
                  )
                }
              />
            )}
          </>
        )}
      </Ready>
    </Part>
  );
}

/** What is set for the automation in other places, each with the way there. */
function Elsewhere({ shown }: { readonly shown: Schemas['OverviewDto'] }) {
  const say = useWords(words);
  const shared = useWords(common);
  const state = useWords(states);
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }}>
      <Part title={say('retry')}>
        <Text size="sm">
          {say('retry_seconds', { text: shown.retry_plan.retry_seconds.join(', ') || shared('none') })}
        </Text>
        <Row>
          <Go to="/jobs" text={say('change_retry')} />
        </Row>
      </Part>
      <Part title={say('switch')}>
        <Text size="sm">
          {say('switch_text', {
            text: `${state(shown.switch.enabled ? 'enabled' : 'disabled')}, ${shown.switch.percentage} %`,
          })}
        </Text>
        <Row>
          <Go to="/features" text={say('change_switch')} />
        </Row>
      </Part>
      <Part title={say('notices')}>
        <Text size="sm">
          {say('channels_text', {
            text: shown.notification_channels.channels.map(({ name }) => name).join(', ') || shared('none'),
          })}
        </Text>
        <Row>
          <Go to="/channels" text={say('change_channels')} />
          <Go to="/notice-texts" text={say('change_texts')} />
        </Row>
      </Part>
      <Part title={say('allocation')}>
        <Text size="sm">{say('allocation_text', { text: shown.allocation.allocation })}</Text>
        <Text size="sm">
          {say('agents', { text: shown.agent_order.agents.join(', ') || shared('none') })}
        </Text>
        <Row>
          <Go to="/consultants" text={say('change_allocation')} />
        </Row>
      </Part>
    </SimpleGrid>
  );
}

function Go({ to, text }: { readonly to: string; readonly text: string }) {
  return (
    <Button size="xs" variant="default" component={Link} to={to}>
      {text}
    </Button>
  );
}
