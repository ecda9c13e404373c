import { Alert, Button, Checkbox, Group as Row, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { api, dataOf } from '../../api/client';
import { useGet } from '../../api/queries';
import { useAct } from '../../parts/act';
import { Ready } from '../../parts/page';
import { common } from '../../words/common';
import { useWords } from '../../words/use-words';
import type { GroupShown } from '.';
import { words } from './words';

/** All that is registered and not in the group yet; several at once. */
export function AddTools({ group, onClose }: { readonly group: GroupShown; readonly onClose: () => void }) {
  const say = useWords(words);
  const shared = useWords(common);
  const { act, isBusy } = useAct();
  const [chosen, setChosen] = useState<string[]>([]);
  const [sought, setSought] = useState('');
  const registered = useGet('/api/v1/admin/tools/registered');
  const given = useGet('/api/v1/admin/tools', { query: { group_id: group.id, limit: 200 } });
  const has = new Set((given.data ?? []).map(({ tool_name }) => tool_name));
  const fits = (text: string) => text.toLowerCase().includes(sought.toLowerCase());
  const add = async () => {
    const body = { add: chosen.map((tool_name) => ({ tool_name, group_id: group.id })) };
    const done = await act(
      () => dataOf(api.POST('/api/v1/admin/tools/bulk', { body })),
      say('changed_tools', { count: chosen.length }),
    );
    if (done) onClose();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={say('add_tools')}
      size="lg"
      closeButtonProps={{ 'aria-label': shared('close') }}
    >
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {say('add_tools_about')}
        </Text>
        <TextInput
          aria-label={shared('search')}
          placeholder={shared('search')}
          value={sought}
          onChange={({ currentTarget }) => setSought(currentTarget.value)}
          data-autofocus
        />
        <Ready of={registered}>
          {(categories) => {
            const offered = categories
              .map(({ category, tools }) => ({
                category,
                tools: tools.filter(
                  ({ name, description }) => !has.has(name) && (fits(name) || fits(description)),
                ),
              }))
              .filter(({ tools }) => tools.length > 0);
            if (offered.length === 0) return <Alert color="gray">{say('all_given')}</Alert>;
            return (
              <Checkbox.Group value={chosen} onChange={setChosen} aria-label={say('add_tools')}>
                <Stack
                  gap="md"
                  mah="50vh"
                  className="table-frame"
                  p="sm"
                  tabIndex={0}
                  role="region"
                  aria-label={say('add_tools')}
                >
                  {offered.map(({ category, tools }) => (
                    <Stack key={category} gap={6}>
                      <Text size="xs" fw={650} c="dimmed" tt="uppercase">
                        {category}
                      </Text>
                      {tools.map(({ name, description }) => (
                        <Checkbox key={name} value={name} label={name} description={description} />
                      ))}
                    </Stack>
                  ))}
                </Stack>
              </Checkbox.Group>
            );
          }}
        </Ready>
        <Row justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {shared('cancel')}
          </Button>
          <Button disabled={chosen.length === 0} loading={isBusy} onClick={() => void add()}>
            {shared('add')} {chosen.length > 0 && `(${chosen.length})`}
          </Button>
        </Row>
      </Stack>
    </Modal>
  );
}
