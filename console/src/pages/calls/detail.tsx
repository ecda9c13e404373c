import { Alert, Badge, Button, Code, Group as Row, Stack } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { ShieldAlert, ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client';
import { ApiFailure } from '../../api/failure';
import { useGet } from '../../api/queries';
import { useMay } from '../../api/session';
import { Facts } from '../../parts/facts';
import { FormModal } from '../../parts/form-modal';
import { Json } from '../../parts/json';
import { Ready } from '../../parts/page';
import { Side } from '../../parts/side';
import { durationText, Time } from '../../parts/time';
import { common } from '../../words/common';
import { useWords } from '../../words/use-words';
import { ErrorKind } from '.';
import { words } from './words';

type DetailProps = {
  readonly id: string;
  readonly groupName: ReadonlyMap<string, string>;
  readonly onClose: () => void;
};

export function CallDetail({ id, groupName, onClose }: DetailProps) {
  const call = useGet('/api/v1/admin/call-logs/{id}', { path: { id } });
  return (
    <Side title={call.data?.tool_name ?? ''} onClose={onClose}>
      <Ready of={call}>{(shown) => <Shown call={shown} groupName={groupName} />}</Ready>
    </Side>
  );
}

function Shown({
  call,
  groupName,
}: {
  readonly call: Schemas['CallLogDetailDto'];
  readonly groupName: ReadonlyMap<string, string>;
}) {
  const say = useWords(words);
  const shared = useWords(common);
  const may = useMay();
  const [isErasing, setIsErasing] = useState(false);
  return (
    <Stack>
      <Row gap="xs">
        {call.success ? (
          <Badge color="teal" variant="light" tt="none">
            {say('success')}
          </Badge>
        ) : (
          <ErrorKind kind={call.error_kind} />
        )}
        <ProofBadge id={call.id} />
      </Row>
      {call.error_message && (
        <Alert color="red" title={say('message')} className="wrap-any">
          {call.error_message}
        </Alert>
      )}
      <Facts
        facts={[
          { label: shared('time'), value: <Time at={call.created_at} /> },
          { label: say('duration'), value: durationText(call.duration_ms) },
          {
            label: shared('group'),
            value: <GroupLink id={call.group_id} name={groupName.get(call.group_id)} />,
          },
          { label: say('caller'), value: call.caller_app_id ?? '–' },
          {
            label: say('key'),
            value: call.key_id ? <KeyLink groupId={call.group_id} keyId={call.key_id} /> : '–',
          },
          { label: say('transport'), value: `${call.transport} · ${call.era}` },
          { label: shared('id'), value: <Code>{call.id}</Code> },
          ...(call.user_id ? [{ label: shared('user'), value: <Code>{call.user_id}</Code> }] : []),
        ]}
      />
      <Row gap="xs">
        {may('audit.read') && (
          <Button
            size="xs"
            variant="default"
            component={Link}
            to="/audit"
            {...({ search: { to: call.created_at } } as object)}
          >
            {say('changes')}
          </Button>
        )}
        {may('calls.erase') && !call.erased && (
          <Button size="xs" variant="light" color="red" onClick={() => setIsErasing(true)}>
            {say('erase')}
          </Button>
        )}
      </Row>
      {call.erased ? (
        <Alert color="gray">{say('erased')}</Alert>
      ) : (
        <>
          <Json label={say('request')} value={call.request_data} />
          {call.response_data !== null && <Json label={say('response')} value={call.response_data} />}
        </>
      )}
      {isErasing && (
        <FormModal
          title={say('erase')}
          fields={[{ name: 'reason', label: shared('reason'), kind: 'text', required: true }]}
          initial={{}}
          saveText={say('erase')}
          onClose={() => setIsErasing(false)}
          onSave={({ reason }: { reason: string }) =>
            dataOf(api.POST('/api/v1/admin/call-logs/erase', { body: { record_ids: [call.id], reason } }))
          }
        >
          {say('erase_text')}
        </FormModal>
      )}
    </Stack>
  );
}

function GroupLink({ id, name }: { readonly id: string; readonly name: string | undefined }) {
  return <Link to={`/groups/${id}/tools` as never}>{name ?? id}</Link>;
}

function KeyLink({ groupId, keyId }: { readonly groupId: string; readonly keyId: string }) {
  const may = useMay();
  const key = useGet('/api/v1/admin/keys/{id}', { path: { id: keyId } }, { enabled: may('keys.read') });
  const text = key.data ? `${key.data.name} (${key.data.prefix}…)` : keyId;
  return (
    <Link to={`/groups/${groupId}/keys` as never} search={{ key: keyId } as never}>
      {text}
    </Link>
  );
}

/** A proof that is there does not change. */
const unlessThere = ({ state }: { readonly state: { readonly data?: unknown } }) =>
  state.data === undefined ? 30_000 : (false as const);

/** Whether the record is in the log as it was written: a path of hashes from it to a signed checkpoint. */
function ProofBadge({ id }: { readonly id: string }) {
  const say = useWords(words);
  const proof = useGet(
    '/api/v1/admin/call-logs/{id}/proof',
    { path: { id } },
    { refetchInterval: unlessThere },
  );
  if (proof.isLoading) return null;
  if (proof.data)
    return (
      <Badge color="teal" variant="light" tt="none" leftSection={<ShieldCheck size={13} />}>
        {say('proof_ok', {
          number:
            proof.data.checkpoint.text.match(/number[": ]+(\d+)/)?.[1] ??
            proof.data.checkpoint.key_id.slice(0, 8),
        })}
      </Badge>
    );
  const text =
    proof.error instanceof ApiFailure && proof.error.status === 409
      ? say('proof_wait')
      : (proof.error?.message ?? '');
  return (
    <Badge
      color="yellow"
      variant="light"
      tt="none"
      leftSection={<ShieldAlert size={13} />}
      h="auto"
      styles={{ label: { whiteSpace: 'normal' } }}
    >
      {text}
    </Badge>
  );
}
