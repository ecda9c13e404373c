import { Button, Divider, Group as Row, Paper, Select, Stack, Stepper, Text, TextInput } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { useGet } from '../../api/queries';
import { useAct } from '../../parts/act';
import { useAddress } from '../../parts/filters';
import { Page, Ready } from '../../parts/page';
import { SecretShown } from '../../parts/secret';
import { useWords } from '../../words/use-words';
import { AddTools } from '../group/add-tools';
import { ConnectTab } from '../group/connect';
import { words as groupWords } from '../group/words';
import { words as groupsWords } from '../groups/words';
import { words } from './words';

/** The first run: a group, its tools, the first call. Where one is stands in the address. */
export function StartPage() {
  const say = useWords(words);
  const [address, change] = useAddress();
  const groupId = address['group'];
  const step = groupId ? Number(address['step'] ?? 1) : 0;
  const group = useGet(
    '/api/v1/admin/groups/{id}',
    { path: { id: groupId ?? '' } },
    { enabled: groupId !== undefined },
  );
  return (
    <Page title={say('title')} about={say('about')}>
      <Stepper
        active={step}
        onStepClick={(next) =>
          change(next === 0 ? { group: undefined, step: undefined } : { step: String(next) })
        }
        allowNextStepsSelect={false}
      >
        <Stepper.Step label={say('step_group')} description={say('step_group_text')} />
        <Stepper.Step label={say('step_tools')} description={say('step_tools_text')} />
        <Stepper.Step label={say('step_connect')} description={say('step_connect_text')} />
      </Stepper>
      <Paper withBorder p="lg" radius="md">
        {step === 0 && <ChooseGroup onChosen={(id) => change({ group: id, step: '1' })} />}
        {step === 1 && (
          <Ready of={group}>
            {(shown) => <ChooseTools group={shown} onDone={() => change({ step: '2' })} />}
          </Ready>
        )}
        {step === 2 && (
          <Ready of={group}>
            {(shown) => (
              <Stack>
                <ConnectTab group={shown} />
                <Row>
                  <Button component={Link} to={`/groups/${shown.id}/tools`} variant="default">
                    {say('finish')}
                  </Button>
                </Row>
              </Stack>
            )}
          </Ready>
        )}
      </Paper>
    </Page>
  );
}

function ChooseGroup({ onChosen }: { readonly onChosen: (id: string) => void }) {
  const say = useWords(words);
  const groupsSay = useWords(groupsWords);
  const { act, isBusy } = useAct();
  const groups = useGet('/api/v1/admin/groups', { query: { limit: 200 } });
  const [chosen, setChosen] = useState<string | null>(null);
  const [name, setName] = useState('');
  const [made, setMade] = useState<Schemas['CreatedGroupDto'] | null>(null);
  const present = groups.data ?? [];
  const make = async () =>
    setMade((await act(() => dataOf(api.POST('/api/v1/admin/groups', { body: { name } })))) ?? null);
  return (
    <Stack maw={520}>
      {present.length > 0 && (
        <>
          <Select
            label={groupsSay('title')}
            data={present.map(({ id, name: label }) => ({ value: id, label }))}
            value={chosen ?? present[0]?.id ?? null}
            onChange={setChosen}
            allowDeselect={false}
          />
          <Row>
            <Button onClick={() => onChosen(chosen ?? present[0].id)}>{say('take')}</Button>
          </Row>
          <Divider label={say('or_make')} labelPosition="left" />
        </>
      )}
      <TextInput
        label={say('name')}
        value={name}
        onChange={({ currentTarget }) => setName(currentTarget.value)}
      />
      <Row>
        <Button
          variant={present.length > 0 ? 'default' : 'filled'}
          loading={isBusy}
          disabled={name.trim() === ''}
          onClick={() => void make()}
        >
          {say('make')}
        </Button>
      </Row>
      {made && (
        <SecretShown
          title={groupsSay('made')}
          lines={[
            { label: groupsSay('url_label'), text: made.server_url },
            { label: groupsSay('key_label'), text: made.api_key },
          ]}
          onClose={() => onChosen(made.id)}
        />
      )}
    </Stack>
  );
}

function ChooseTools({
  group,
  onDone,
}: {
  readonly group: Schemas['GroupDto'];
  readonly onDone: () => void;
}) {
  const say = useWords(words);
  const groupSay = useWords(groupWords);
  const [isAdding, setIsAdding] = useState(false);
  const tools = useGet('/api/v1/admin/tools', { query: { group_id: group.id, limit: 200 } });
  const names = (tools.data ?? []).map(({ tool_name }) => tool_name);
  return (
    <Stack>
      <Text>{say('tools_now', { count: names.length })}</Text>
      {names.length > 0 ? (
        <Text size="sm" c="dimmed">
          {names.join(', ')}
        </Text>
      ) : (
        <Text size="sm">{groupSay('no_tools')}</Text>
      )}
      <Row>
        <Button
          variant={names.length > 0 ? 'default' : 'filled'}
          leftSection={<Plus size={16} />}
          onClick={() => setIsAdding(true)}
        >
          {groupSay('add_tools')}
        </Button>
        <Button disabled={names.length === 0} onClick={onDone}>
          {say('go_on')}
        </Button>
      </Row>
      {isAdding && <AddTools group={group} onClose={() => setIsAdding(false)} />}
    </Stack>
  );
}
