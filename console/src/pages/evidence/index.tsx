import { Alert, Button, Card, Code, Group as Row, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { api, dataOf, type Schemas } from '../../api/client';
import { useGet, useList } from '../../api/queries';
import { useMay } from '../../api/session';
import { useAct } from '../../parts/act';
import { Collection } from '../../parts/collection';
import { CopyIcon } from '../../parts/copy';
import type { Column } from '../../parts/data-table';
import { Json } from '../../parts/json';
import { Ready } from '../../parts/page';
import { Time } from '../../parts/time';
import { common } from '../../words/common';
import { useWords } from '../../words/use-words';
import { words } from './words';

type Checkpoint = Schemas['CheckpointDto'];

export function EvidencePage() {
  const say = useWords(words);
  const shared = useWords(common);
  const may = useMay();
  const { act, isBusy } = useAct();
  const list = useList('/api/v1/admin/call-log-checkpoints');
  const columns: Column<Checkpoint>[] = [
    { key: 'number', title: say('number'), cell: ({ number }) => number },
    { key: 'time', title: shared('time'), cell: ({ created_at }) => <Time at={created_at} /> },
    { key: 'key', title: say('key'), cell: ({ key_id }) => <Code>{key_id}</Code> },
  ];
  return (
    <Collection
      title={say('title')}
      about={say('about')}
      emptyText={say('empty')}
      actions={
        may('calls.checkpoint') && (
          <Button
            loading={isBusy}
            onClick={() =>
              void act(() => dataOf(api.POST('/api/v1/admin/call-log-checkpoints')), shared('done'))
            }
          >
            {say('make')}
          </Button>
        )
      }
      list={list}
      columns={columns}
      idOf={({ number }) => String(number)}
      detail={{
        title: ({ number }) => `${say('number')} ${number}`,
        show: ({ text, signature }) => (
          <Stack>
            <Json label={say('text')} value={text} />
            <Json label={say('signature')} value={signature} />
          </Stack>
        ),
      }}
    >
      <Outside />
    </Collection>
  );
}

function Outside() {
  const say = useWords(words);
  const deliveries = useGet('/api/v1/admin/call-log-checkpoints/deliveries');
  const keys = useGet('/api/v1/admin/call-log-checkpoints/keys');
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }}>
      <Card withBorder>
        <Title order={2} size="h5">
          {say('deliveries')}
        </Title>
        <Ready of={deliveries}>
          {(found) =>
            found.length === 0 ? (
              <Alert color="yellow" mt="xs">
                {say('nowhere')}
              </Alert>
            ) : (
              found.map(({ target, delivered_number: number, last_error: error }) => (
                <Text size="sm" key={target} className="wrap-any">
                  {target}: {say('delivered', { number })} {error}
                </Text>
              ))
            )
          }
        </Ready>
      </Card>
      <Card withBorder>
        <Title order={2} size="h5">
          {say('keys')}
        </Title>
        <Ready of={keys}>
          {(found) => (
            <>
              {found.map(({ key_id: id, public_key: text }) => (
                <Row key={id} wrap="nowrap" gap="xs">
                  <Code className="wrap-any">{id}</Code>
                  <CopyIcon text={text} />
                </Row>
              ))}
            </>
          )}
        </Ready>
      </Card>
    </SimpleGrid>
  );
}
