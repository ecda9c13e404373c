import type { DataSource } from 'typeorm';

export type Removal = {
  /** Removes at most `batch` rows and gives their number as `count`. */
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly batch: number;
  /** Of the job that removes: it ends between two batches. */
  readonly signal: AbortSignal;
};

/** Removes batch after batch, each in a transaction of its own, until one is not full. */
export async function removeInBatches(
  dataSource: DataSource,
  { sql, parameters, batch, signal }: Removal,
): Promise<void> {
  for (let count = batch; count >= batch;) {
    signal.throwIfAborted();
    [{ count }] = await dataSource.query<[{ count: number }]>(sql, [...parameters]);
  }
}
