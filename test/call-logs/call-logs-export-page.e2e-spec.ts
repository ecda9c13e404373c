import { FETCH_RECORDS, PAGE_CHARACTERS, readPage } from '../../src/call-logs/search/export-page.js';
import { createTestApp, type TestApp } from '../support/test-app.js';

const LARGE = 131_072;
/** Two thousand small lines, then as many that are a thousand times as large, then small ones again. */
const LINES = `SELECT '{"id":"00000000-0000-7000-8000-' || lpad(n::text, 12, '0') || '","created_at":"2026-01-31T08:00:00.000Z"'
    || repeat('x', CASE WHEN n BETWEEN 2001 AND 4000 THEN ${LARGE} ELSE 100 END) || '}' AS line
  FROM generate_series($1::int, 6000) n`;

describe('pages of an export', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp();
  });
  afterAll(() => t.close());

  const page = async (from: number) => {
    const runner = t.dataSource.createQueryRunner();
    await runner.startTransaction();
    try {
      return await readPage(runner, { sql: LINES, parameters: [from], format: 'jsonl' });
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  };

  it('hold no more than a page and one fetch when records become a thousand times as large, and leave none out', async () => {
    const bound = PAGE_CHARACTERS + FETCH_RECORDS * (LARGE + 200);
    let from = 1;
    let lines = 0;
    let largest = 0;
    for (let next: number | undefined = 1; next !== undefined; from = next ?? from) {
      const { pieces, before } = await page(from);
      largest = Math.max(
        largest,
        pieces.reduce((sum, { length }) => sum + length, 0),
      );
      lines += pieces.join('').split('\n').length - 1;
      next = before ? Number(before.id.slice(-12)) + 1 : undefined;
      expect(before?.at.toISOString() ?? '2026-01-31T08:00:00.000Z').toBe('2026-01-31T08:00:00.000Z');
    }
    expect(lines).toBe(6000);
    expect(largest).toBeLessThan(bound);
    expect(largest).toBeGreaterThan(PAGE_CHARACTERS);
  });
});
