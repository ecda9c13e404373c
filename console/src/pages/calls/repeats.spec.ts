import { type Call, withRepeats } from './repeats';

const call = (id: string, more: Partial<Call> = {}): Call => ({
  id,
  tool_name: 'search_users',
  tool_id: null,
  group_id: 'g',
  caller_app_id: 'dify',
  key_id: 'k',
  user_id: null,
  era: '2026-07-28',
  transport: 'streamable_http',
  is_test: false,
  success: true,
  error_kind: null,
  error_message: null,
  duration_ms: 1,
  erased: false,
  created_at: '2026-12-01T00:00:00.000Z',
  ...more,
});

describe('withRepeats', () => {
  it('makes one row of calls that follow each other and differ in their time only', () => {
    const calls = [call('3'), call('2'), call('1', { success: false }), call('0')];
    expect(withRepeats(calls, true).map(({ id, count }) => [id, count])).toEqual([
      ['3', 2],
      ['1', 1],
      ['0', 1],
    ]);
  });

  it('counts all of them when they are not to be grouped', () => {
    expect(withRepeats([call('2'), call('1')], false).map(({ count }) => count)).toEqual([1, 1]);
  });
});
