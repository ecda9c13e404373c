import { Alert, Button, Group as Row, Select, Stack, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { useGet } from '../../api/queries';
import { useMay } from '../../api/session';
import { useAct } from '../../parts/act';
import { CodeField } from '../../parts/code-field';
import { Json } from '../../parts/json';
import { common } from '../../words/common';
import { useWords } from '../../words/use-words';
import type { GroupShown } from '.';
import { words } from './words';

export function ExplainTab({ group }: { readonly group: GroupShown }) {
  const say = useWords(words);
  const shared = useWords(common);
  const may = useMay();
  const { act, isBusy } = useAct();
  const [key, setKey] = useState<string | null>(null);
  const [tool, setTool] = useState<string | null>(null);
  const [text, setText] = useState('{}');
  const [wrong, setWrong] = useState<string>();
  const [answer, setAnswer] = useState<Schemas['ExplanationDto'] | null>(null);
  const keys = useGet(
    '/api/v1/admin/groups/{id}/keys',
    { path: { id: group.id }, query: { limit: 200 } },
    { enabled: may('keys.read') },
  );
  const tools = useGet('/api/v1/admin/tools', { query: { group_id: group.id, limit: 200 } });
  const ask = async () => {
    let given: unknown;
    try {
      given = JSON.parse(text);
      setWrong(undefined);
    } catch {
      return setWrong(shared('invalid_json'));
    }
    const body = { tool: tool ?? '', arguments: given as never, ...(key ? { key_id: key } : {}) };
    const found = await act(() =>
      dataOf(api.POST('/api/v1/admin/groups/{id}/explain', { params: { path: { id: group.id } }, body })),
    );
    setAnswer(found ?? null);
  };
  return (
    <Stack maw={900}>
      <Text size="sm" c="dimmed">
        {say('explain_about')}
      </Text>
      <Row grow align="flex-end">
        <Select
          label={say('explain_tool')}
          searchable
          withAsterisk
          value={tool}
          onChange={setTool}
          data={(tools.data ?? []).map(({ tool_name }) => tool_name)}
        />
        <Select
          label={say('explain_key')}
          clearable
          value={key}
          onChange={setKey}
          data={(keys.data ?? []).map(({ id, name, prefix }) => ({
            value: id,
            label: `${name} (${prefix}…)`,
          }))}
        />
      </Row>
      <CodeField
        label={say('explain_arguments')}
        value={text}
        onChange={setText}
        error={wrong}
        height="110px"
      />
      <Row>
        <Button onClick={() => void ask()} loading={isBusy} disabled={!tool}>
          {say('ask')}
        </Button>
      </Row>
      {answer && (
        <>
          <Alert
            color={answer.allowed ? 'teal' : 'red'}
            role="status"
            title={say(answer.allowed ? 'allowed' : 'refused')}
          >
            {answer.decided_by && `${say('decided_by')}: ${answer.decided_by}`}
          </Alert>
          <Table.ScrollContainer minWidth={420}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{say('rule')}</Table.Th>
                  <Table.Th>{say('outcome')}</Table.Th>
                  <Table.Th>{shared('reason')}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {answer.rules.map(({ rule, passed, reason }) => (
                  <Table.Tr key={rule}>
                    <Table.Td>{rule}</Table.Td>
                    <Table.Td c={passed ? undefined : 'var(--mantine-color-error)'}>
                      {say(passed ? 'passed' : 'not_passed')}
                    </Table.Td>
                    <Table.Td className="wrap-any">{reason}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
          {answer.record && <Json label={say('record_shown')} value={answer.record} />}
        </>
      )}
    </Stack>
  );
}
