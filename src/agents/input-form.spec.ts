import { fitInputs, type InputField, readInputForm } from './input-form.js';

const field = (more: Partial<InputField>): InputField => ({
  variable: 'x',
  type: 'text-input',
  label: '',
  required: false,
  maxLength: null,
  options: null,
  defaultValue: null,
  ...more,
});

describe('readInputForm', () => {
  it('reads what Dify sends, and leaves out what it does not understand', () => {
    const form = [
      { 'text-input': { variable: 'name', label: 'Na\0me', required: true, default: '', max_length: 48 } },
      { number: { variable: 'age', label: 'Age', required: false, default: 30 } },
      { select: { variable: 'tone', options: ['warm'], required: 'yes', max_length: null } },
      { file: { label: 'without a variable' } },
      { 'text-input': null },
    ];
    expect(readInputForm(form)).toEqual([
      field({ variable: 'name', label: 'Name', required: true, maxLength: 48 }),
      field({ variable: 'age', type: 'number', label: 'Age', defaultValue: 30 }),
      field({ variable: 'tone', type: 'select', options: ['warm'] }),
    ]);
  });

  it.each([undefined, null, 'no list', [1], {}])('takes %p for a form without fields', (form) => {
    expect(readInputForm(form)).toEqual([]);
  });
});

describe('fitInputs', () => {
  it('puts in defaults, cuts long texts between characters, and names what is missing', () => {
    const fields = [
      field({ variable: 'name', maxLength: 3 }),
      field({ variable: 'tone', required: true, defaultValue: 'warm' }),
      field({ variable: 'user', required: true }),
      field({ variable: 'blank', required: true }),
    ];
    expect(fitInputs(fields, { name: '👋👋👋👋', blank: '', more: 1 })).toEqual({
      inputs: { name: '👋👋👋', tone: 'warm', blank: '', more: 1 },
      missing: ['user', 'blank'],
    });
  });

  it('gives a number field numbers and a text field texts', () => {
    const fields = [
      field({ variable: 'age', type: 'number' }),
      field({ variable: 'zip' }),
      field({ variable: 'list' }),
    ];
    expect(fitInputs(fields, { age: '41', zip: 1234, list: ['a'] }).inputs).toEqual({
      age: 41,
      zip: '1234',
      list: '["a"]',
    });
  });

  it('takes null for no value', () => {
    expect(fitInputs([field({ required: true })], { x: null })).toEqual({ inputs: {}, missing: ['x'] });
  });
});
