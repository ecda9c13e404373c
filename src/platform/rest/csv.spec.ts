import { toCsvCell } from './csv.js';

describe('a cell of the CSV export', () => {
  it.each([
    ['=HYPERLINK("http://evil.example")', `"'=HYPERLINK(""http://evil.example"")"`],
    ['+1', `"'+1"`],
    ['-1', `"'-1"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['＝1+1', `"'＝1+1"`],
    ['＋1', `"'＋1"`],
    ['－1', `"'－1"`],
    ['＠SUM(A1)', `"'＠SUM(A1)"`],
    ['\t=1', `"'\t=1"`],
    ['  =1', `"'  =1"`],
    ['group.update', '"group.update"'],
    ['two\r\nlines, and "quotes"', '"two\r\nlines, and ""quotes"""'],
    [null, ''],
  ])('%j runs nowhere and reads as it was', (value, cell) => {
    expect(toCsvCell(value)).toBe(cell);
  });
});
