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
    ['﹦1+1', `"'﹦1+1"`],
    ['﹢1', `"'﹢1"`],
    ['⁼1', `"'⁼1"`],
    ['\u22121', `"'\u22121"`],
    ['\u200b=1+1', `"'\u200b=1+1"`],
    ['\ufeff\u2066\u00ad=1', `"'\ufeff\u2066\u00ad=1"`],
    ['\u115f\u0301=1', `"'\u115f\u0301=1"`],
    ['\u0000=1', `"'\u0000=1"`],
    ['\u200bplain', '"\u200bplain"'],
    ['\t=1', `"'\t=1"`],
    ['  =1', `"'  =1"`],
    ['group.update', '"group.update"'],
    ['two\r\nlines, and "quotes"', '"two\r\nlines, and ""quotes"""'],
    [null, ''],
  ])('%j runs nowhere and reads as it was', (value, cell) => {
    expect(toCsvCell(value)).toBe(cell);
  });
});
