import { Button, Group, Select, TextInput } from '@mantine/core';
import { DateTimePicker } from '@mantine/dates';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { common } from '../words/common';
import { useWords } from '../words/use-words';

export type Filter = {
  readonly name: string;
  readonly label: string;
} & (
  | { readonly kind: 'text' | 'time' }
  | {
      readonly kind: 'choice';
      readonly options: readonly { readonly value: string; readonly label: string }[];
    }
);

type Values = Readonly<Record<string, string>>;

/** What the address says: a link to this page shows the same to whoever opens it. */
export function useAddress(): readonly [
  Values,
  (changes: Readonly<Record<string, string | undefined>>) => void,
] {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const values = useMemo(
    () => Object.fromEntries(Object.entries(search).map(([name, value]) => [name, String(value)])),
    [search],
  );
  const change = useCallback(
    (changes: Readonly<Record<string, string | undefined>>) => {
      const set = (before: object) =>
        Object.fromEntries(Object.entries({ ...before, ...changes }).filter(([, value]) => value));
      void navigate({ to: '.', search: set, replace: true });
    },
    [navigate],
  );
  return [values, change];
}

/** Those of the address that are filters, as a query. */
export function onlyThese<N extends string>(values: Values, names: readonly N[]): Partial<Record<N, string>> {
  return Object.fromEntries(
    names.filter((name) => values[name]).map((name) => [name, values[name]]),
  ) as Partial<Record<N, string>>;
}

export function Filters({ filters }: { readonly filters: readonly Filter[] }) {
  const say = useWords(common);
  const [values, change] = useAddress();
  const [isOpen, setIsOpen] = useState(false);
  const clear = () => change(Object.fromEntries(filters.map(({ name }) => [name, undefined])));
  const count = filters.filter(({ name }) => values[name]).length;
  return (
    <>
      <Button
        hiddenFrom="xs"
        variant="default"
        size="sm"
        aria-expanded={isOpen}
        onClick={() => setIsOpen(!isOpen)}
      >
        {count > 0 ? say('filters_set', { count }) : say('filters')}
      </Button>
      <Group gap="xs" align="flex-end" role="search" className="filters" data-open={isOpen}>
        {filters.map((filter) => (
          <FilterInput
            key={filter.name}
            filter={filter}
            value={values[filter.name] ?? ''}
            onChange={(value) => change({ [filter.name]: value || undefined })}
          />
        ))}
        {count > 0 && (
          <Button variant="subtle" size="sm" onClick={clear}>
            {say('clear_filters')}
          </Button>
        )}
      </Group>
    </>
  );
}

type FilterInputProps = {
  readonly filter: Filter;
  readonly value: string;
  readonly onChange: (value: string) => void;
};

function FilterInput({ filter, value, onChange }: FilterInputProps) {
  const say = useWords(common);
  if (filter.kind === 'choice')
    return (
      <Select
        w={{ base: '100%', xs: 170 }}
        size="sm"
        label={filter.label}
        placeholder={say('all')}
        clearable
        searchable={filter.options.length > 8}
        data={[...filter.options]}
        value={value || null}
        onChange={(next) => onChange(next ?? '')}
      />
    );
  if (filter.kind === 'time')
    return (
      <DateTimePicker
        w={{ base: '100%', xs: 190 }}
        size="sm"
        label={filter.label}
        clearable
        value={value ? new Date(value) : null}
        onChange={(next) => onChange(next ? new Date(next).toISOString() : '')}
      />
    );
  return <TextFilter label={filter.label} value={value} onChange={onChange} />;
}

/** Searches when the person is done typing. */
function TextFilter({
  label,
  value,
  onChange,
}: Omit<FilterInputProps, 'filter'> & { readonly label: string }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const commit = () => text !== value && onChange(text.trim());
  return (
    <TextInput
      w={{ base: '100%', xs: 190 }}
      size="sm"
      label={label}
      value={text}
      onChange={({ currentTarget }) => setText(currentTarget.value)}
      onBlur={commit}
      onKeyDown={({ key }) => key === 'Enter' && commit()}
    />
  );
}
