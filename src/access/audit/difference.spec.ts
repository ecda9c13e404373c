import { differenceOf } from './difference.js';

describe('differenceOf', () => {
  it('keeps the fields that change, as they were and as they will be', () => {
    const row = { id: '1', name: 'old', roles: ['a'], enabled: true };
    expect(differenceOf(row, { name: 'new', roles: ['a'], enabled: undefined })).toEqual({
      before: { name: 'old' },
      after: { name: 'new' },
    });
  });

  it('is empty for a change that changes nothing', () => {
    expect(differenceOf({ a: { b: [1] } }, { a: { b: [1] } })).toEqual({ before: {}, after: {} });
  });
});
