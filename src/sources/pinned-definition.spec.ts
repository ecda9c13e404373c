import { pin } from './pinned-definition.js';

const inputSchema = { type: 'object', properties: { a: { type: 'string' } } };

describe('pin', () => {
  it('has one digest for one definition, however it was written', () => {
    const { digest } = pin({ description: 'x', inputSchema });
    expect(
      pin({ inputSchema: { properties: inputSchema.properties, type: 'object' }, description: 'x' }).digest,
    ).toBe(digest);
    expect(pin({ description: 'y', inputSchema }).digest).not.toBe(digest);
  });

  it('keeps what MCP names and nothing else', () => {
    const found = {
      description: 'x',
      inputSchema,
      _meta: { ui: { resourceUri: 'ui://x' } },
      icons: [],
      run: 1,
    };
    expect(pin(found).definition).toEqual({ description: 'x', inputSchema, _meta: found._meta });
  });

  it('keeps what only speaks of characters that cannot be stored', () => {
    const speaking = { type: 'object', properties: { a: { type: 'string', pattern: '[^\\u0000]\\ud83d' } } };
    expect(pin({ description: 'x', inputSchema: speaking })).toMatchObject({
      definition: { inputSchema: speaking },
      fault: null,
    });
  });

  it('keeps a stub of what cannot be kept, and says why', () => {
    let deep: Record<string, unknown> = {};
    for (let level = 0; level < 5000; level++) deep = { properties: { a: deep } };
    expect(pin({ description: 'x', inputSchema: deep })).toMatchObject({
      definition: { description: 'x', inputSchema: { type: 'object' } },
      fault: 'the definition nests deeper than 100 levels',
    });
    expect(pin({ description: 'z'.repeat(300_000), inputSchema }).fault).toMatch(/longer than/);
    expect(pin({ description: 'a\udc00b', inputSchema })).toMatchObject({
      fault: expect.stringMatching(/cannot be stored/),
    });
    expect(pin({ description: 'a\0b', inputSchema })).toMatchObject({
      definition: { description: 'ab' },
      fault: expect.stringMatching(/cannot be stored/),
    });
  });
});
