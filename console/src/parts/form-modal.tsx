import { Alert, Button, Group, Modal, Stack, Table } from '@mantine/core';
import { type FormEvent, type ReactNode, useState } from 'react';
import { ApiFailure } from '../api/failure';
import { queryClient } from '../api/queries';
import { common } from '../words/common';
import { useWords } from '../words/use-words';
import { FailureText, tellDone } from './act';
import { type Field, FieldInput, type FormValues } from './fields';
import { differences, fromForm, toForm } from './form-values';

export type FormProps = {
  readonly title: string;
  readonly fields: readonly Field[];
  readonly initial: FormValues;
  /** @param version Of what was read, for who changes something; of what the other one saved, to save over it. */
  readonly onSave: (values: never, version: number | undefined) => Promise<unknown>;
  /** What somebody else has saved meanwhile. */
  readonly onRace?: () => Promise<FormValues>;
  readonly onClose: () => void;
  readonly saveText?: string;
  readonly children?: ReactNode;
};

/** Asks for some values and saves them; tells what is wrong beside the field, and shows both versions after a lost race. */
export function FormModal({
  title,
  fields,
  initial,
  onSave,
  onRace,
  onClose,
  saveText,
  children,
}: FormProps) {
  const say = useWords(common);
  const [values, setValues] = useState(() => toForm(fields, initial));
  const [version, setVersion] = useState(initial['version'] as number | undefined);
  const [failure, setFailure] = useState<unknown>(null);
  const [wrong, setWrong] = useState<Readonly<Record<string, string>>>({});
  const [theirs, setTheirs] = useState<FormValues | null>(null);
  const [isBusy, setIsBusy] = useState(false);

  async function save(event: FormEvent) {
    event.preventDefault();
    event.stopPropagation();
    setFailure(null);
    const missing = fields.filter(
      ({ required, name, when }) => required && (!when || when(values)) && isEmpty(values[name]),
    );
    setWrong(Object.fromEntries(missing.map(({ name }) => [name, say('required')])));
    if (missing.length > 0) return;
    setIsBusy(true);
    try {
      await onSave(fromForm(fields, values) as never, version);
      tellDone(say('changed'));
      void queryClient.invalidateQueries();
      onClose();
    } catch (error) {
      await explain(error);
    } finally {
      setIsBusy(false);
    }
  }

  async function explain(error: unknown) {
    if (error instanceof SyntaxError) return setWrong({ [String(error.cause)]: say('invalid_json') });
    setFailure(error);
    if (!(error instanceof ApiFailure)) return;
    const known = error.details.filter(({ field }) => fields.some(({ name }) => name === field));
    setWrong(Object.fromEntries(known.map(({ field, message }) => [field, message])));
    if (error.status !== 412 || !onRace) return;
    const latest = await onRace();
    setTheirs(toForm(fields, latest));
    setVersion(latest['version'] as number | undefined);
  }

  return (
    <Modal opened onClose={onClose} title={title} size="lg" closeButtonProps={{ 'aria-label': say('close') }}>
      <form onSubmit={(event) => void save(event)} noValidate>
        <Stack gap="sm">
          {children}
          {fields
            .filter(({ when }) => !when || when(values))
            .map((field) => (
              <FieldInput
                key={field.name}
                field={field}
                value={values[field.name]}
                error={wrong[field.name]}
                onChange={(value) => setValues((before) => ({ ...before, [field.name]: value }))}
              />
            ))}
          {theirs ? (
            <Race
              fields={fields}
              mine={values}
              theirs={theirs}
              onTake={() => (setValues(theirs), setTheirs(null), setFailure(null))}
            />
          ) : (
            failure !== null && (
              <Alert color="red" role="alert">
                <FailureText failure={failure} />
              </Alert>
            )
          )}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {say('cancel')}
            </Button>
            <Button type="submit" loading={isBusy}>
              {theirs ? say('race_keep_mine') : (saveText ?? say('save'))}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

type RaceProps = {
  readonly fields: readonly Field[];
  readonly mine: FormValues;
  readonly theirs: FormValues;
  readonly onTake: () => void;
};

function Race({ fields, mine, theirs, onTake }: RaceProps) {
  const say = useWords(common);
  return (
    <Alert color="orange" title={say('race_title')} role="alert">
      <Stack gap="xs">
        {say('race_text')}
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{say('name')}</Table.Th>
              <Table.Th>{say('mine')}</Table.Th>
              <Table.Th>{say('theirs')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {differences(fields, mine, theirs).map((line) => (
              <Table.Tr key={line.name}>
                <Table.Td>{line.label}</Table.Td>
                <Table.Td className="wrap-any">{textOf(line.mine)}</Table.Td>
                <Table.Td className="wrap-any">{textOf(line.theirs)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        <Group>
          <Button size="xs" variant="default" onClick={onTake}>
            {say('race_take_theirs')}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
