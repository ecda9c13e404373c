import * as fc from 'fast-check';
import { compileRedaction, redactionOf } from './redaction.js';
import { type RedactionRule, redactionRulesSchema } from './redaction-rules.js';

const rules = (...input: object[]): RedactionRule[] => redactionRulesSchema.parse(input);
const ALL = rules(
  { detector: 'phone' },
  { detector: 'id_card' },
  { detector: 'bank_card' },
  { detector: 'email' },
  { detector: 'secret' },
  { detector: 'pattern', pattern: '[0-9a-z"\\\\]{3}', replacement: '"\\' },
);

describe('compileRedaction', () => {
  it('is nothing without rules', () => {
    expect(redactionOf(undefined)).toBeUndefined();
    expect(redactionOf([])).toBeUndefined();
  });

  it('is compiled once for a list of rules', () => {
    const list = rules({ detector: 'phone' });
    expect(redactionOf(list)).toBe(redactionOf(list));
  });

  it('keeps what agents get and what the log keeps apart', () => {
    const { textForAgent, textForLog, valueForLog } = compileRedaction(
      rules({ detector: 'phone', applies_to: 'agent' }, { detector: 'email', applies_to: 'log' }),
    );
    const text = '13812345678 a@b.cn';
    expect(textForAgent(text)).toBe('[redacted:phone] a@b.cn');
    expect(textForLog(text)).toBe('13812345678 [redacted:email]');
    expect(valueForLog({ text })).toEqual({ text: '13812345678 [redacted:email]' });
  });

  it('replaces in texts, structured content and other blocks, and leaves names and binary data', () => {
    const { resultForAgent } = compileRedaction(rules({ detector: 'phone' }));
    const data = 'aGVsbG8gMTM4MTIzNDU2Nzg='; // base64
    const redacted = resultForAgent({
      content: [
        { type: 'text', text: 'call 13812345678' },
        { type: 'image', mimeType: 'image/png', data: '13812345678' },
        { type: 'resource', resource: { uri: 'crm://13812345678', text: '13812345678', blob: data } },
      ],
      structuredContent: { '13812345678': [{ tel: '13812345678', n: 13812345678, other: 5, none: null }] },
    });
    expect(redacted).toEqual({
      content: [
        { type: 'text', text: 'call [redacted:phone]' },
        { type: 'image', mimeType: 'image/png', data: '13812345678' },
        {
          type: 'resource',
          resource: { uri: 'crm://[redacted:phone]', text: '[redacted:phone]', blob: data },
        },
      ],
      structuredContent: {
        '13812345678': [{ tel: '[redacted:phone]', n: '[redacted:phone]', other: 5, none: null }],
      },
    });
  });

  it('leaves JSON in a text as it is written but for what it replaces, also JSON within JSON', () => {
    const { textForAgent } = compileRedaction(rules({ detector: 'phone', replacement: '"x"\\' }));
    const inner = JSON.stringify({ tel: '13812345678' });
    const text = `{ "13812345678" : 13812345678, "big":12345678901234567890,\n "in": ${JSON.stringify(inner)} }`;
    const redacted = textForAgent(text);
    expect(redacted).toContain('{ "13812345678" : "\\"x\\"\\\\", "big":12345678901234567890,\n "in": ');
    const parsed = JSON.parse(redacted) as { in: string };
    expect(JSON.parse(parsed.in)).toEqual({ tel: '"x"\\' });
  });

  it('hides what is too deep to look at', () => {
    let value: unknown = '13812345678';
    for (let depth = 0; depth < 5000; depth++) value = [value];
    const { valueForLog } = compileRedaction(rules({ detector: 'phone' }));
    expect(JSON.stringify(valueForLog(value))).toContain('[redacted:too_deep]');
  });

  it('sees what JSON.stringify would see', () => {
    const { valueForLog } = compileRedaction(rules({ detector: 'email' }));
    const at = new Date(0);
    expect(valueForLog({ at, mail: { toJSON: () => 'a@b.cn' } })).toEqual({
      at: at.toJSON(),
      mail: '[redacted:email]',
    });
  });

  it('never throws and never breaks JSON', () => {
    const { textForAgent, valueForLog } = compileRedaction(ALL);
    const digits = fc.stringMatching(/^[0-9 +@a-zA-Z.-]{0,40}$/);
    const value = fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' });
    const withDigits = fc.dictionary(fc.string(), fc.oneof(digits, value, fc.double({ noNaN: true })));
    fc.assert(
      fc.property(fc.oneof(fc.array(value), withDigits), fc.constantFrom(undefined, 1), (data, indent) => {
        const text = JSON.stringify(data, null, indent);
        const parsed = JSON.parse(textForAgent(text)) as object;
        expect(Object.keys(parsed)).toEqual(Object.keys(JSON.parse(text) as object));
        expect(parsed).toEqual(JSON.parse(JSON.stringify(valueForLog(JSON.parse(text)))));
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(typeof textForAgent(text)).toBe('string');
      }),
      { numRuns: 2000 },
    );
  });
});
