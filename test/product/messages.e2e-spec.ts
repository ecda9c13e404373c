import * as classValidator from 'class-validator';
import { readdirSync, readFileSync } from 'node:fs';
import { translate } from '../../src/platform/rest/messages.js';
import { zh } from '../../src/platform/rest/messages.zh.js';
import { findMessages } from '../support/messages.js';
import { createTestApp, type TestApp } from '../support/test-app.js';

type Factory = (...args: unknown[]) => PropertyDecorator;

/** For a decorator that needs arguments before it says anything; the others are called with none. */
const ARGUMENTS: Readonly<Record<string, readonly unknown[]>> = {
  ArrayMaxSize: [1],
  ArrayMinSize: [3],
  Equals: ['only this'],
  IsEmail: [{}],
  IsIn: [['a', 'b']],
  IsNumber: [{}],
  IsUUID: ['all'],
  IsUrl: [{}],
  Length: [3, 5],
  Matches: [/^x$/],
  Max: [1],
  MaxLength: [3],
  Min: [100],
  MinLength: [30],
};
/** They say nothing themselves. */
const SILENT = [
  'IsOptional',
  'ValidateIf',
  'Allow',
  'ValidateNested',
  'Validate',
  'ValidateBy',
  'ValidatorConstraint',
];
const WRONG_VALUES = [undefined, '', 'abcdefghij', 50, {}, [1, 1]];

describe('messages in Chinese', () => {
  it('there is one for every message that a failure can carry', () => {
    const found = findMessages();
    expect(found.length).toBeGreaterThan(40);
    const missing = found.filter(({ template }) => zh[template] === undefined);
    expect(missing.map(({ template, where }) => `'${template}' (${where})`)).toEqual([]);
  });

  it("there is one for every text of class-validator's decorators that we use", () => {
    const missing = decoratorsInUse().flatMap((name) =>
      textsOf(name).filter((text) => translate(text) === null),
    );
    expect(missing).toEqual([]);
    for (const text of ['property x should not exist', 'nested property x must be either object or array'])
      expect(translate(text)).not.toBeNull();
  });

  it('puts in what the English had put in', () => {
    expect(translate('limit must not be greater than 200')).toBe('limit 不能大于 200');
    expect(translate('each value in a must be a string')).toBe('a 中的每个值都必须是字符串');
    const told =
      'This was changed since you read it (version 3, now 4). Read it again and repeat your change';
    expect(translate(told)).toContain('当时版本 3，现在 4');
    expect(translate('nobody wrote this')).toBeNull();
  });

  it('every text has the holes of the English', () => {
    const holesOf = (text: string) =>
      [...new Set(text.match(/\{\d+\}/g))].toSorted((one, other) => one.localeCompare(other));
    const uneven = Object.entries(zh).filter(
      ([english, told]) => holesOf(english).join() !== holesOf(told).join(),
    );
    expect(uneven).toEqual([]);
  });

  describe('Accept-Language', () => {
    let t: TestApp;
    beforeAll(async () => {
      t = await createTestApp();
    });
    afterAll(() => t.close());

    const refusal = (language: string) =>
      t.rest('POST', '/auth/refresh', {
        body: { refresh_token: '', more: 1 },
        headers: { 'accept-language': language },
      });

    it.each(['zh', 'zh-CN,zh;q=0.9,en;q=0.8', 'fr, zh-Hans;q=0.5'])(
      'answers %s in Chinese',
      async (language) => {
        const answer = await refusal(language);
        expect([answer.status, answer.headers.get('content-language')]).toEqual([400, 'zh']);
        expect(answer.headers.get('vary')).toContain('Accept-Language');
        expect(answer.body.message).toBe('输入有误：more, refresh_token');
        expect(answer.body.error.details).toEqual([
          { field: 'more', message: '没有 more 这个字段' },
          { field: 'refresh_token', message: 'refresh_token 至少要有 1 个字符' },
        ]);
      },
    );

    it.each(['en', 'fr', '*', 'en, zh;q=0.9', ''])('answers %s in English', async (language) => {
      const answer = await refusal(language);
      expect([answer.headers.get('content-language'), answer.body.message]).toEqual([
        'en',
        'Wrong input: more, refresh_token',
      ]);
    });
  });
});

function decoratorsInUse(): string[] {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const names = files.flatMap((file) => {
    const imports = readFileSync(`src/${file}`, 'utf8').matchAll(
      /import \{([^}]*)\} from 'class-validator'/g,
    );
    return [...imports].flatMap(([, list = '']) => list.split(',').map((name) => name.trim()));
  });
  return [...new Set(names)].filter(
    (name) => /^[A-Z][a-z]/.test(name) && !SILENT.includes(name), // no types, functions and constants
  );
}

/** Puts the decorator on a class and lets it refuse wrong values. */
function textsOf(name: string): string[] {
  const factory = (classValidator as unknown as Record<string, Factory | undefined>)[name]!;
  const given = ARGUMENTS[name] ?? [];
  return [[...given], [...given, { each: true }]].flatMap((args) => {
    class Checked {
      field: unknown;
    }
    factory(...args)(Checked.prototype, 'field');
    return WRONG_VALUES.flatMap((value) => {
      const errors = classValidator.validateSync(Object.assign(new Checked(), { field: value }));
      return errors.flatMap(({ constraints = {} }) => Object.values(constraints));
    });
  });
}
