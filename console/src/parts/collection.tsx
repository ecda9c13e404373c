import { Button } from '@mantine/core';
import { Plus } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { UseQueryResult } from '@tanstack/react-query';
import type { List } from '../api/queries';
import { type Permission, useMay } from '../api/session';
import { common } from '../words/common';
import { useWords } from '../words/use-words';
import { type Column, ListTable } from './data-table';
import { Empty, NothingFound } from './empty';
import type { Field, FormValues } from './fields';
import { type Filter, Filters, useAddress } from './filters';
import { FormModal } from './form-modal';
import { Page } from './page';
import { Side } from './side';

type CollectionProps<Row> = {
  readonly title: string;
  readonly about?: ReactNode;
  readonly actions?: ReactNode;
  /** Between the filters and the list. */
  readonly children?: ReactNode;
  readonly list: List<Row>;
  readonly columns: readonly Column<Row>[];
  readonly idOf: (row: Row) => string;
  readonly filters?: readonly Filter[];
  readonly emptyText?: string;
  readonly make?: {
    readonly text: string;
    readonly permission: Permission;
    readonly fields: readonly Field[];
    readonly initial?: FormValues;
    readonly save: (body: never) => Promise<unknown>;
  };
  /** What stands beside the list when a row is open. */
  readonly detail?: {
    readonly title: (row: Row) => string;
    readonly show: (row: Row, close: () => void) => ReactNode;
  };
};

/** A page that is a list of one kind of thing: filtered, opened, added to. The open one is in the address. */
export function Collection<Row extends object>(props: CollectionProps<Row>) {
  const {
    title,
    about,
    actions,
    children,
    list,
    columns,
    idOf,
    filters = [],
    emptyText,
    make,
    detail,
  } = props;
  const shared = useWords(common);
  const may = useMay();
  const [address, change] = useAddress();
  const [isMaking, setIsMaking] = useState(false);
  const isFiltered = filters.some(({ name }) => address[name]);
  const close = () => change({ id: undefined });
  const open = detail && list.items.find((row) => idOf(row) === address['id']);
  const makeButton = make && may(make.permission) && (
    <Button leftSection={<Plus size={16} />} onClick={() => setIsMaking(true)}>
      {make.text}
    </Button>
  );
  const clear = () => change(Object.fromEntries(filters.map(({ name }) => [name, undefined])));
  return (
    <Page
      title={title}
      about={about}
      actions={
        <>
          {actions}
          {makeButton}
        </>
      }
    >
      {filters.length > 0 && <Filters filters={filters} />}
      {children}
      <ListTable
        label={title}
        list={list}
        columns={columns}
        idOf={idOf}
        openId={address['id']}
        {...(detail ? { onOpen: (row: Row) => change({ id: idOf(row) }) } : {})}
        empty={
          isFiltered ? (
            <NothingFound onClear={clear} />
          ) : (
            <Empty {...(emptyText ? { text: emptyText } : {})} action={makeButton} />
          )
        }
      />
      {detail && open && (
        <Side title={detail.title(open)} onClose={close}>
          {detail.show(open, close)}
        </Side>
      )}
      {make && isMaking && (
        <FormModal
          title={make.text}
          fields={make.fields}
          initial={make.initial ?? {}}
          saveText={shared('create')}
          onClose={() => setIsMaking(false)}
          onSave={make.save}
        />
      )}
    </Page>
  );
}

/** A list that comes at once. */
export function atOnce<Row>(
  query: UseQueryResult<readonly Row[]>,
  fits: (row: Row) => boolean = () => true,
): List<Row> {
  return {
    items: (query.data ?? []).filter(fits),
    isLoading: query.isLoading,
    isFetching: query.isFetching,
    hasMore: false,
    more: () => undefined,
    refetch: () => void query.refetch(),
    error: query.error,
  };
}
