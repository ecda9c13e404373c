import { Alert, Button, Group as Row, Stack, Table } from '@mantine/core';
import { useState } from 'react';
import { api, dataOf, download, type Schemas, textOf } from '../../api/client';
import { useMay } from '../../api/session';
import { useAct } from '../../parts/act';
import { StateBadge } from '../../parts/badges';
import { CodeField } from '../../parts/code-field';
import { Confirm } from '../../parts/confirm';
import { Page } from '../../parts/page';
import { SecretShown } from '../../parts/secret';
import { useWords } from '../../words/use-words';
import { words } from './words';

const YAML = { 'content-type': 'application/yaml' };

/** The body is a file, and goes as it is. */
const asText = { bodySerializer: (text: unknown) => text as string, headers: YAML } as const;

export function ConfigurationPage() {
  const say = useWords(words);
  const may = useMay();
  const { act, isBusy } = useAct();
  const [text, setText] = useState('');
  const [diff, setDiff] = useState<Schemas['ConfigurationDiffDto'] | null>(null);
  const [keys, setKeys] = useState<Schemas['ConfigurationAppliedDto']['keys']>([]);
  const [isApplying, setIsApplying] = useState(false);
  const write = (next: string) => {
    setText(next);
    setDiff(null);
  };
  const load = async () =>
    write((await act(() => textOf(api.GET('/api/v1/admin/config/export', { parseAs: 'text' })))) ?? '');
  const compare = async () =>
    setDiff(
      (await act(() => dataOf(api.POST('/api/v1/admin/config/diff', { body: text as never, ...asText })))) ??
        null,
    );
  return (
    <Page
      title={say('title')}
      about={say('about')}
      actions={
        <>
          <Button variant="default" loading={isBusy} onClick={() => void load()}>
            {say('load')}
          </Button>
          <Button
            variant="default"
            onClick={() => void act(() => download('/api/v1/admin/config/export', {}))}
          >
            {say('save')}
          </Button>
        </>
      }
    >
      <CodeField label={say('file')} format="yaml" value={text} onChange={write} height="320px" />
      <Row>
        <Button disabled={text.trim() === ''} loading={isBusy} onClick={() => void compare()}>
          {say('diff')}
        </Button>
        {may('config.write') && diff && diff.changes.length > 0 && (
          <Button color="red" onClick={() => setIsApplying(true)}>
            {say('apply')}
          </Button>
        )}
      </Row>
      {diff &&
        (diff.changes.length === 0 ? (
          <Alert color="teal">{say('no_changes')}</Alert>
        ) : (
          <Changes changes={diff.changes} />
        ))}
      {isApplying && diff && (
        <Confirm
          title={say('apply')}
          text={say('apply_text', { count: diff.changes.length })}
          doText={say('apply')}
          done={say('applied')}
          onClose={() => setIsApplying(false)}
          onDo={async () => {
            const header = { 'If-Match': diff.etag };
            const done = await dataOf(
              api.POST('/api/v1/admin/config/apply', { body: text as never, params: { header }, ...asText }),
            );
            setKeys(done.keys);
            setDiff(null);
          }}
        />
      )}
      {keys.length > 0 && (
        <SecretShown
          title={say('new_keys')}
          lines={keys.map(({ group, name, api_key: key }) => ({ label: `${group} · ${name}`, text: key }))}
          onClose={() => setKeys([])}
        />
      )}
    </Page>
  );
}

function Changes({ changes }: { readonly changes: Schemas['ConfigurationDiffDto']['changes'] }) {
  const say = useWords(words);
  return (
    <Stack gap="sm">
      {changes.map((change) => (
        <Table.ScrollContainer minWidth={480} key={`${change.kind} ${change.group} ${change.name}`}>
          <Table withTableBorder bg="var(--mantine-color-body)">
            <Table.Thead>
              <Table.Tr>
                <Table.Th colSpan={3}>
                  <Row gap="xs">
                    <StateBadge state={change.action} /> {change.kind}: {change.group}{' '}
                    {change.name && `· ${change.name}`}
                  </Row>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {change.fields.map(({ field, before, after }) => (
                <Table.Tr key={field}>
                  <Table.Td w="20%">{field}</Table.Td>
                  <Table.Td w="40%" className="wrap-any" aria-label={say('before')}>
                    <del>{before === undefined ? '' : shown(before)}</del>
                  </Table.Td>
                  <Table.Td w="40%" className="wrap-any" aria-label={say('after')}>
                    <ins>{shown(after)}</ins>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      ))}
    </Stack>
  );
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
