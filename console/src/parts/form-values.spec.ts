import type { Field } from './fields';
import { differences, fromForm, toForm } from './form-values';

const fields: Field[] = [
  { name: 'name', label: 'Name', kind: 'text', required: true },
  { name: 'policy', label: 'Policy', kind: 'json' },
  { name: 'days', label: 'Days', kind: 'number', when: ({ name }) => name === 'days' },
];

describe('the values of a form', () => {
  it('are those that were read, and come back as they were', () => {
    const form = toForm(fields, { name: 'a', policy: { limits: { per_second: 1 } } });
    expect(form['policy']).toBe('{\n  "limits": {\n    "per_second": 1\n  }\n}');
    expect(fromForm(fields, form)).toEqual({ name: 'a', policy: { limits: { per_second: 1 } } });
  });

  it('leave out what is not asked for, and tell which field is no JSON', () => {
    expect(fromForm(fields, { name: 'days', policy: '{}', days: 3 })).toEqual({
      name: 'days',
      policy: {},
      days: 3,
    });
    expect(() => fromForm(fields, { name: 'a', policy: '{' })).toThrow(
      expect.objectContaining({ cause: 'policy' }),
    );
  });

  it('of two people are compared field by field', () => {
    const mine = { name: 'a', policy: '{}' };
    expect(differences(fields, mine, { name: 'b', policy: '{}' })).toEqual([
      { name: 'name', label: 'Name', mine: 'a', theirs: 'b' },
    ]);
  });
});
