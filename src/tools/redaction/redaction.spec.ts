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

/** How often others are served meanwhile. */
async function turnsDuring(work: () => unknown): Promise<number> {
  let others = 0;
  const serve = () => {
    others++;
    immediate = setImmediate(serve);
  };
  let immediate = setImmediate(serve);
  await work();
  clearImmediate(immediate);
  return others;
}

describe('compileRedaction', () => {
  it('is nothing without rules', () => {
    expect(redactionOf(undefined)).toBeUndefined();
    expect(redactionOf([])).toBeUndefined();
  });

  it('is compiled once for a list of rules', () => {
    const list = rules({ detector: 'phone' });
    expect(redactionOf(list)).toBe(redactionOf(list));
  });

  it('keeps what agents get and what the log keeps apart', async () => {
    const { textForAgent, textForLog, valueForLog } = compileRedaction(
      rules({ detector: 'phone', applies_to: 'agent' }, { detector: 'email', applies_to: 'log' }),
    );
    const text = '13812345678 a@b.cn';
    expect(textForAgent(text)).toBe('[redacted:phone] a@b.cn');
    expect(textForLog(text)).toBe('13812345678 [redacted:email]');
    expect(await valueForLog({ text })).toEqual({ text: '13812345678 [redacted:email]' });
  });

  it('replaces in texts, structured content and other blocks, in names, too, and leaves binary data', async () => {
    const { resultForAgent } = compileRedaction(rules({ detector: 'phone' }));
    const data = 'aGVsbG8gMTM4MTIzNDU2Nzg='; // base64
    const redacted = await resultForAgent({
      content: [
        { type: 'text', text: 'call 13812345678' },
        { type: 'image', mimeType: 'image/png', data: '13812345678' },
        { type: 'resource', resource: { uri: 'crm://13812345678', text: '13812345678', blob: data } },
        { type: 'text', text: 'x', data: '13812345678', _meta: { data: '13812345678' } },
        { type: 'resource_link', uri: 'tel:x', name: '13812345678', mimeType: '13812345678' },
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
        { type: 'text', text: 'x', data: '[redacted:phone]', _meta: { data: '[redacted:phone]' } },
        { type: 'resource_link', uri: 'tel:x', name: '[redacted:phone]', mimeType: '[redacted:phone]' },
      ],
      structuredContent: {
        '[redacted:phone]': [{ tel: '[redacted:phone]', n: '[redacted:phone]', other: 5, none: null }],
      },
    });
  });

  it('leaves JSON in a text as it is written but for what it replaces, also JSON within JSON', () => {
    const { textForAgent } = compileRedaction(rules({ detector: 'phone', replacement: '"x"\\' }));
    const inner = JSON.stringify({ tel: '13812345678' });
    const text = `{ "13812345678" : 13812345678, "big":12345678901234567890,\n "in": ${JSON.stringify(inner)} }`;
    const redacted = textForAgent(text);
    expect(redacted).toContain('{ "\\"x\\"\\\\" : "\\"x\\"\\\\", "big":12345678901234567890,\n "in": ');
    const parsed = JSON.parse(redacted) as { in: string };
    expect(JSON.parse(parsed.in)).toEqual({ tel: '"x"\\' });
  });

  it('keeps apart what has the same name after it is replaced', async () => {
    const { textForAgent, valueForLog } = compileRedaction(rules({ detector: 'phone', replacement: '#' }));
    const data = { a: { '13812345678': 1, '13912345678': 2 }, '13812345678': { '13812345678': 3 } };
    const redacted = { a: { '#': 1, '# 2': 2 }, '#': { '#': 3 } };
    expect(await valueForLog(data)).toEqual(redacted);
    expect(JSON.parse(textForAgent(JSON.stringify(data)))).toEqual(redacted);
  });

  it('reads other digits, spaces and dashes for what they are, and leaves them where nothing is found', () => {
    const { textForAgent } = compileRedaction(rules({ detector: 'phone' }, { detector: 'email' }));
    expect(textForAgent('电话：１３８１２３４５６７８，谢谢')).toBe('电话：[redacted:phone]，谢谢');
    expect(textForAgent('138–1234–5678, 138\u00a01234\u00a05678')).toBe('[redacted:phone], [redacted:phone]');
    expect(textForAgent('\u0661\u0663\u0668\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668')).toBe(
      '[redacted:phone]',
    );
    expect(textForAgent('ｚｈａｎｇ＠example.com')).toBe('[redacted:email]');
    expect(textForAgent('价格：１２３４ – ５')).toBe('价格：１２３４ – ５');
  });

  it('finds in a long result what it finds in a short one, and serves others meanwhile', async () => {
    const { resultForAgent } = compileRedaction(ALL.slice(0, 5));
    const row = { name: 'Zhang, San', tel: '13812345678', mail: 'a@b.cn' };
    const data = { rows: Array.from({ length: 2000 }, () => row) };
    const lines = 'tel 13812345678\n'.repeat(10_000);
    const original = {
      content: [
        { type: 'text', text: JSON.stringify(data) },
        { type: 'text', text: lines },
      ],
    };
    let redacted = original as Awaited<ReturnType<typeof resultForAgent>>;
    const others = await turnsDuring(async () => {
      redacted = await resultForAgent({ ...original, structuredContent: data });
    });
    expect(others).toBeGreaterThan(3);
    expect(JSON.stringify(redacted)).not.toMatch(/13812345678|a@b\.cn/);
    expect(JSON.parse(redacted.content[0]?.['text'] as string)).toEqual(redacted.structuredContent);
    expect(redacted.content[1]?.['text']).toBe('tel [redacted:phone]\n'.repeat(10_000));
  });

  it('hides what would take too long to search', async () => {
    const { resultForAgent, valueForLog } = compileRedaction(
      rules({ detector: 'pattern', pattern: '(?:[a-c]?){300}[a-c]{300}[de]' }),
    );
    const text = 'abc'.repeat(100_000);
    expect((await resultForAgent({ content: [{ type: 'text', text }] })).content).toEqual([
      { type: 'text', text: '[redacted:too_long]' },
    ]);
    const many = Array.from({ length: 3000 }, () => 'abc'.repeat(300));
    expect(((await valueForLog(many)) as string[]).at(-1)).toBe('[redacted:too_long]');
  });

  it('gives as many names as there are their numbers in one pass', async () => {
    const { valueForLog } = compileRedaction(rules({ detector: 'phone', replacement: '#' }));
    const names = Array.from({ length: 60_000 }, (_, index) => String(13_800_000_000 + index));
    const value = Object.fromEntries(names.map((name) => [name, true]));
    // Would take minutes if each tried the numbers of those before it; the test's own limit is the judge.
    const redacted = Object.keys((await valueForLog(value)) as object);
    expect(redacted).toHaveLength(60_000);
    expect(redacted.slice(0, 3)).toEqual(['#', '# 2', '# 3']);
  });

  it('takes a turn among values that hold no text, too', async () => {
    const { valueForLog } = compileRedaction(rules({ detector: 'phone' }));
    const values = Array.from({ length: 1_000_000 }, () => true);
    expect(await turnsDuring(() => valueForLog(values))).toBeGreaterThan(3);
  });

  it('hides a message whole that would take long, at once', () => {
    const { textForAgent } = compileRedaction(rules({ detector: 'phone' }));
    const names = Array.from({ length: 90_000 }, (_, index) => [String(13_800_000_000 + index), 1]);
    expect(textForAgent(JSON.stringify(Object.fromEntries(names)))).toBe('[redacted:too_long]');
  });

  it('hides what is too deep to look at', async () => {
    let value: unknown = '13812345678';
    for (let depth = 0; depth < 5000; depth++) value = [value];
    const { valueForLog } = compileRedaction(rules({ detector: 'phone' }));
    expect(JSON.stringify(await valueForLog(value))).toContain('[redacted:too_deep]');
  });

  it('sees what JSON.stringify would see', async () => {
    const { valueForLog } = compileRedaction(rules({ detector: 'email' }));
    const at = new Date(0);
    expect(await valueForLog({ at, mail: { toJSON: () => 'a@b.cn' } })).toEqual({
      at: at.toJSON(),
      mail: '[redacted:email]',
    });
  });

  it('never throws and never breaks JSON', async () => {
    const { textForAgent, valueForLog } = compileRedaction(ALL);
    const digits = fc.stringMatching(/^[0-9 +@a-zA-Z.-]{0,40}$/);
    const value = fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' });
    const withDigits = fc.dictionary(fc.string(), fc.oneof(digits, value, fc.double({ noNaN: true })));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.array(value), withDigits),
        fc.constantFrom(undefined, 1),
        async (data, indent) => {
          const text = JSON.stringify(data, null, indent);
          const parsed = JSON.parse(textForAgent(text)) as object;
          expect(Object.keys(parsed)).toHaveLength(Object.keys(JSON.parse(text) as object).length);
          expect(parsed).toEqual(JSON.parse(JSON.stringify(await valueForLog(JSON.parse(text)))));
        },
      ),
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
