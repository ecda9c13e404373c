import {
  Alert,
  Button,
  Card,
  Group as Row,
  SegmentedControl,
  Select,
  Stack,
  Text,
  Title,
} from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { useAct } from '../../parts/act';
import { CodeField } from '../../parts/code-field';
import { Json } from '../../parts/json';
import { SchemaForm } from '../../parts/schema-form';
import { durationText } from '../../parts/time';
import { common } from '../../words/common';
import { useWords } from '../../words/use-words';
import { words } from './words';

type TestCallProps = {
  readonly toolName: string;
  readonly schema: Readonly<Record<string, unknown>>;
  /** Groups that have the tool, and its id in each. */
  readonly places: readonly { readonly toolId: string; readonly groupName: string }[];
};

/** Calls a tool by a form made of its schema, or by JSON. */
export function TestCall({ toolName, schema, places }: TestCallProps) {
  const say = useWords(words);
  const shared = useWords(common);
  const { act, isBusy } = useAct();
  const [toolId, setToolId] = useState(places[0]?.toolId ?? '');
  const [mode, setMode] = useState('form');
  const [value, setValue] = useState<unknown>({});
  const [text, setText] = useState('{}');
  const [wrong, setWrong] = useState<string>();
  const [answer, setAnswer] = useState<Schemas['ToolTestDto'] | null>(null);
  const run = async (args: unknown) => {
    const params = { path: { id: toolId } };
    setAnswer(
      (await act(() =>
        dataOf(api.POST('/api/v1/admin/tools/{id}/test', { params, body: { arguments: args as never } })),
      )) ?? null,
    );
  };
  const runText = () => {
    try {
      setWrong(undefined);
      void run(JSON.parse(text));
    } catch {
      setWrong(shared('invalid_json'));
    }
  };
  return (
    <Card withBorder radius="md">
      <Stack gap="sm">
        <Row justify="space-between">
          <Title order={3} size="h5">
            {say('test')}
          </Title>
          <SegmentedControl
            size="xs"
            aria-label={say('test')}
            value={mode}
            onChange={setMode}
            data={[
              { value: 'form', label: say('as_form') },
              { value: 'json', label: say('as_json') },
            ]}
          />
        </Row>
        <Text size="sm" c="dimmed">
          {say('test_about')}
        </Text>
        {places.length > 1 && (
          <Select
            label={say('in_group')}
            value={toolId}
            onChange={(id) => setToolId(id ?? '')}
            allowDeselect={false}
            data={places.map((place) => ({ value: place.toolId, label: place.groupName }))}
          />
        )}
        {mode === 'form' ? (
          <SchemaForm
            schema={schema}
            value={value}
            onChange={setValue}
            submitText={say('run')}
            isBusy={isBusy}
            onSubmit={(args) => void run(args)}
          />
        ) : (
          <>
            <CodeField label={say('as_json')} value={text} onChange={setText} error={wrong} height="110px" />
            <Row>
              <Button loading={isBusy} onClick={runText}>
                {say('run')}
              </Button>
            </Row>
          </>
        )}
        {answer && (
          <>
            <Alert color={answer.ok ? 'teal' : 'red'} role="status">
              {say(answer.ok ? 'answered' : 'said_no', { text: durationText(answer.duration_ms) })}
            </Alert>
            <Json label={say('result')} value={answer.result} />
          </>
        )}
        <Row>
          <Button
            size="xs"
            variant="subtle"
            component={Link}
            to="/calls"
            {...({ search: { tool: toolName } } as object)}
          >
            {say('history')}
          </Button>
        </Row>
      </Stack>
    </Card>
  );
}
