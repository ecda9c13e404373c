import { givenArguments } from './given-arguments.js';

const text = { type: 'string' };
const schema = {
  type: 'object',
  properties: {
    must: text,
    may: text,
    nullable: { type: ['string', 'null'] },
    either: { anyOf: [text, { type: 'null' }] },
    chosen: { enum: ['a', 'b'] },
    none: { enum: ['a', null] },
    anything: {},
    named: { $ref: '#/$defs/text' },
    inner: { type: 'object', properties: { may: text }, additionalProperties: true },
    rows: { type: 'array', items: { type: 'object', properties: { may: text } } },
  },
  required: ['must'],
  $defs: { text },
};

describe('givenArguments', () => {
  it.each([
    ['an optional null', { must: 'x', may: null }, { must: 'x' }],
    ['one among allowed values', { chosen: null }, {}],
    ['one behind a reference', { named: null }, {}],
    [
      'one deeper',
      { inner: { may: null, b: 1 }, rows: [{ may: null }, { may: 'y' }] },
      { inner: { b: 1 }, rows: [{}, { may: 'y' }] },
    ],
  ])('leaves out %s', (_what, args, given) => {
    expect(givenArguments(args, schema)).toEqual(given);
  });

  it.each([
    ['a required one', { must: null }],
    ['one that the schema takes', { nullable: null, either: null, none: null, anything: null }],
    ['one that nobody knows', { other: null }],
    ['what an object inherits', { toString: null }],
    ['an item of a list', { rows: [null] }],
    ['what is no object', 'text'],
    ['what holds no null', { must: 'x', rows: [{ may: 'y' }] }],
  ])('leaves %s as it is', (_what, args) => {
    expect(givenArguments(args, schema)).toBe(args);
  });

  it('ends at a reference that leads to itself', () => {
    const loop = { type: 'object', properties: { a: { $ref: '#/properties/a' } } };
    expect(givenArguments({ a: null }, loop)).toEqual({ a: null });
  });
});
