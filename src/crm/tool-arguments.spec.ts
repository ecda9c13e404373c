import { InvalidInputError } from '../platform/errors.js';
import {
  optionalChoice,
  optionalText,
  optionalTime,
  optionalUuid,
  requiredText,
  requiredUuid,
  userRef,
} from './tool-arguments.js';

const ID = '01890a5d-ac96-774b-bcce-b302099a8057';

describe('tool arguments', () => {
  it('take a blank text for absent', () => {
    expect(optionalText(' \n')).toBeUndefined();
    expect(optionalUuid('user_id', '', '')).toBeUndefined();
    expect(optionalTime('due_at', '  ')).toBeUndefined();
    expect(optionalChoice('status', '', ['open'])).toBeUndefined();
  });

  it('drop NUL, which Postgres cannot store', () => {
    expect(optionalText('a\0b')).toBe('ab');
  });

  it('say what a wrong id should be and where to find it', () => {
    const message = "user_id must be a UUID, e.g. 01890a5d-ac96-774b-bcce-b302099a8057; got 'abc'";
    expect(() => requiredUuid('user_id', 'abc', 'Each page names it')).toThrow(
      `${message}. Each page names it`,
    );
    const hint = { tool: 'search_users', how: 'to find it' };
    expect(() => requiredUuid('user_id', 'abc', hint)).toThrow(expect.objectContaining({ message, hint }));
    expect(() => requiredUuid('user_id', ' ', '')).toThrow('got nothing');
    expect(() => requiredUuid('user_id', 'x'.repeat(9999), '')).toThrow(/x{60}…'/);
  });

  it('know a username by its one writing', () => {
    expect(userRef({ username: ' \uff2c\uff49.\uff2dei ' })).toEqual({ username: 'li.mei' });
  });

  it('take ids in any case', () => {
    expect(requiredUuid('user_id', ` ${ID.toUpperCase()} `, '')).toBe(ID);
  });

  it('need a time zone in a time', () => {
    expect(optionalTime('due_at', '2026-03-01T09:30:00+08:00')).toEqual(new Date('2026-03-01T01:30:00Z'));
    const impossible = [
      '2026-13-01T00:00:00Z',
      '2026-02-30T00:00:00Z',
      '2026-03-01T25:00:00Z',
      '1899-12-31T23:00:00Z',
    ];
    for (const wrong of ['2026-03-01', '2026-03-01T09:30:00', 'tomorrow', ...impossible]) {
      expect(() => optionalTime('due_at', wrong)).toThrow(InvalidInputError);
    }
  });

  it('bound texts', () => {
    expect(() => requiredText('title', '  ', 5)).toThrow('title must not be blank');
    expect(() => requiredText('title', '123456', 5)).toThrow(
      'title must have at most 5 characters; it has 6',
    );
  });

  it('name a user by id or username; the id wins', () => {
    expect(userRef({ user_id: ID, username: 'x' })).toEqual({ id: ID });
    expect(userRef({ user_id: '', username: 'x' })).toEqual({ username: 'x' });
    expect(() => userRef({})).toThrow('Give user_id or username');
  });
});
