import { Box, Checkbox, Group, Loader, Text } from '@mantine/core';
import { tableFeatures, useTable, type ColumnDef } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useEffect, useMemo, useRef } from 'react';
import type { List } from '../api/queries';
import { common } from '../words/common';
import { useWords } from '../words/use-words';
import { FailureText } from './act';
import { Bones } from './page';

export type Column<Row> = {
  readonly key: string;
  readonly title: string;
  readonly cell: (row: Row) => ReactNode;
  /** Numbers stand at the end of their column. */
  readonly end?: boolean;
};

type Selection = {
  readonly ids: ReadonlySet<string>;
  readonly change: (ids: ReadonlySet<string>) => void;
};

type DataTableProps<Row> = {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly idOf: (row: Row) => string;
  /** The first column opens the row. */
  readonly onOpen?: (row: Row) => void;
  readonly openId?: string | undefined;
  readonly selection?: Selection;
  readonly height?: string;
  readonly list?: Pick<List<Row>, 'hasMore' | 'more' | 'isFetching'>;
};

const ROW_PX = 42;
const OVERSCAN = 12;
const features = tableFeatures({});

/** Any number of rows: only those in sight are in the page, and more is asked for when their end comes near. */
export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const { rows, columns, idOf, onOpen, openId, selection, list, label, height = '68vh' } = props;
  const say = useWords(common);
  const frame = useRef<HTMLDivElement>(null);
  const definitions = useMemo(
    () =>
      columns.map(({ key, title, cell }): ColumnDef<typeof features, Row> => ({
        id: key,
        header: title,
        cell: ({ row }) => cell(row.original),
      })),
    [columns],
  );
  const data = useMemo(() => [...rows], [rows]);
  const table = useTable({ features, columns: definitions, data, getRowId: idOf });
  const modelRows = table.getRowModel().rows;
  const virtual = useVirtualizer({
    count: modelRows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    initialRect: { width: 800, height: 900 },
  });
  const shown = virtual.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (list?.hasMore && last >= modelRows.length - OVERSCAN) list.more();
  }, [last, modelRows.length, list]);
  const before = shown[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (shown.at(-1)?.end ?? 0);
  const width = columns.length + (selection ? 1 : 0);
  const ends = new Set(columns.filter(({ end }) => end).map(({ key }) => key));
  return (
    <Box>
      <Box ref={frame} className="table-frame" mah={height} tabIndex={0} role="region" aria-label={label}>
        <table className="table" aria-rowcount={list?.hasMore ? -1 : modelRows.length}>
          <thead>
            <tr>
              {selection && (
                <th scope="col">
                  <Checkbox
                    size="xs"
                    aria-label={say('select_all')}
                    checked={rows.length > 0 && selection.ids.size === rows.length}
                    indeterminate={selection.ids.size > 0 && selection.ids.size < rows.length}
                    onChange={({ currentTarget }) =>
                      selection.change(new Set(currentTarget.checked ? rows.map(idOf) : []))
                    }
                  />
                </th>
              )}
              {table.getHeaderGroups()[0]?.headers.map((header) => (
                <th key={header.id} scope="col" data-end={ends.has(header.id) || undefined}>
                  <table.FlexRender header={header} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <Spacer px={before} width={width} />
            {shown.map(({ index }) => {
              const row = modelRows[index];
              if (!row) return null;
              return (
                <tr
                  key={row.id}
                  data-opens={onOpen ? true : undefined}
                  data-open={openId === row.id || undefined}
                  onClick={(event) => {
                    if (onOpen && !(event.target as Element).closest('button,a,input,label'))
                      onOpen(row.original);
                  }}
                >
                  {selection && (
                    <td>
                      <Checkbox
                        size="xs"
                        aria-label={say('select_row')}
                        checked={selection.ids.has(row.id)}
                        onChange={() => selection.change(toggled(selection.ids, row.id))}
                      />
                    </td>
                  )}
                  {row.getAllCells().map((cell, place) => (
                    <td key={cell.id} data-end={ends.has(cell.column.id) || undefined}>
                      {place === 0 && onOpen ? (
                        <button type="button" className="row-opener" onClick={() => onOpen(row.original)}>
                          <table.FlexRender cell={cell} />
                        </button>
                      ) : (
                        <table.FlexRender cell={cell} />
                      )}
                    </td>
                  ))}
                </tr>
              );
            })}
            <Spacer px={after} width={width} />
          </tbody>
        </table>
      </Box>
      <Group mt={6} gap="xs" mih={20}>
        <Text size="xs" c="dimmed">
          {say(list?.hasMore ? 'rows_more' : 'rows', { count: modelRows.length })}
        </Text>
        {list?.isFetching && <Loader size={14} aria-label={say('loading')} />}
      </Group>
    </Box>
  );
}

function Spacer({ px, width }: { readonly px: number; readonly width: number }) {
  if (px <= 0) return null;
  return (
    <tr aria-hidden="true">
      <td colSpan={width} style={{ height: px, padding: 0, border: 0 }} />
    </tr>
  );
}

function toggled(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return next;
}

type ListTableProps<Row> = Omit<DataTableProps<Row>, 'rows' | 'list'> & {
  readonly list: List<Row>;
  /** What to do when there is nothing at all. */
  readonly empty: ReactNode;
};

/** A list that comes page by page, with what to show while there is nothing. */
export function ListTable<Row extends object>({ list, empty, ...props }: ListTableProps<Row>) {
  if (list.error && list.items.length === 0) return <FailureText failure={list.error} />;
  if (list.isLoading) return <Bones />;
  if (list.items.length === 0) return <>{empty}</>;
  return <DataTable {...props} rows={list.items} list={list} />;
}
