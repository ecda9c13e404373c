import { Alert, Button, Group as Row, Loader, Stack, Tabs, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { CircleCheck } from 'lucide-react';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { useNews } from '../../api/live';
import { useGet } from '../../api/queries';
import { useMay } from '../../api/session';
import { useAct } from '../../parts/act';
import { CopyWide } from '../../parts/copy';
import { Ready } from '../../parts/page';
import { timeText } from '../../parts/time';
import { useWords } from '../../words/use-words';
import type { GroupShown } from '.';
import { words } from './words';

type Shown = Schemas['ConnectDto'];

/** What to paste where, and whether the first call has come. */
export function ConnectTab({ group }: { readonly group: GroupShown }) {
  const say = useWords(words);
  const may = useMay();
  const { act, isBusy } = useAct();
  const params = { path: { id: group.id } };
  const plain = useGet('/api/v1/admin/groups/{id}/connect', params);
  const [withKey, setWithKey] = useState<Shown | null>(null);
  const reveal = async () => {
    const query = { include_key: true } as const;
    const shown = await act(() =>
      dataOf(api.GET('/api/v1/admin/groups/{id}/connect', { params: { ...params, query } })),
    );
    setWithKey(shown ?? null);
  };
  return (
    <Stack>
      {may('calls.read') && <FirstCall groupId={group.id} />}
      <Row justify="space-between">
        <Text size="sm" c="dimmed">
          {say('connect_about')}
        </Text>
        {may('keys.reveal') && (
          <Button
            variant="default"
            size="xs"
            loading={isBusy}
            onClick={() => (withKey ? setWithKey(null) : void reveal())}
          >
            {say(withKey ? 'without_key' : 'with_key')}
          </Button>
        )}
      </Row>
      <Ready of={withKey ? { data: withKey, error: null } : plain}>
        {({ snippets }) => (
          <Tabs defaultValue={snippets[0]?.client ?? null} variant="outline">
            <Tabs.List>
              {snippets.map(({ client, title }) => (
                <Tabs.Tab key={client} value={client}>
                  {title}
                </Tabs.Tab>
              ))}
            </Tabs.List>
            {snippets.map(({ client, where, text }) => (
              <Tabs.Panel key={client} value={client} pt="sm">
                <Row justify="space-between" mb="xs" wrap="nowrap">
                  <Text size="sm">
                    <b>{say('where')}:</b> {where}
                  </Text>
                  <CopyWide text={text} />
                </Row>
                <pre className="code" tabIndex={0} aria-label={client}>
                  {text}
                </pre>
              </Tabs.Panel>
            ))}
          </Tabs>
        )}
      </Ready>
    </Stack>
  );
}

/** Turns green by itself: the service tells of new calls. */
export function FirstCall({ groupId }: { readonly groupId: string }) {
  const say = useWords(words);
  const calls = useGet('/api/v1/admin/call-logs', { query: { group_id: groupId, limit: 1 } });
  const { refetch } = calls;
  useNews('calls', true, () => void refetch());
  const [latest] = calls.data ?? [];
  if (!latest)
    return (
      <Alert color="yellow" role="status" icon={<Loader size={16} color="yellow" />} className="waiting">
        {say('waiting')}
      </Alert>
    );
  return (
    <Alert color="teal" role="status" icon={<CircleCheck size={18} />}>
      <Row gap="sm">
        {say('came', { tool: latest.tool_name, when: timeText(latest.created_at) })}
        <Button
          component={Link}
          to="/calls"
          {...({ search: { group_id: groupId, id: latest.id } } as object)}
          size="compact-xs"
          variant="default"
        >
          {say('see_call')}
        </Button>
      </Row>
    </Alert>
  );
}
