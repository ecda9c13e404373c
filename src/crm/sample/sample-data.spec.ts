import { validate, version } from 'uuid';
import { CopyBatch, SAMPLE_TABLES } from './sample-copy.js';
import { SAMPLE_SEED, writeCustomer } from './sample-data.js';
import { SampleIds, SampleRandom } from './sample-random.js';

const TENANT = '01980000-0000-7000-8000-000000000001';

function sampleText({ seed = SAMPLE_SEED, tenantId = TENANT, customers = 20 } = {}): string {
  const batch = new CopyBatch();
  const world = {
    tenantId,
    seed,
    ids: new SampleIds(tenantId, seed),
    asOf: new Date('2026-06-30T00:00:00Z'),
    messagesPerCustomer: 50,
  };
  for (let number = 0; number < customers; number += 1) writeCustomer(world, number, batch);
  return SAMPLE_TABLES.map((table) => batch.textOf(table)).join('');
}

describe('sample data', () => {
  it('is the same for the same seed and tenant, to the byte', () => {
    expect(sampleText()).toBe(sampleText());
  });

  it('differs with the seed', () => {
    expect(sampleText({ seed: 1 })).not.toBe(sampleText({ seed: 2 }));
  });

  it('averages about 50 messages per customer', () => {
    const batch = new CopyBatch();
    const ids = new SampleIds(TENANT, SAMPLE_SEED);
    const world = { tenantId: TENANT, seed: SAMPLE_SEED, ids, asOf: new Date(), messagesPerCustomer: 50 };
    for (let number = 0; number < 500; number += 1) writeCustomer(world, number, batch);
    const messages = batch.textOf('messages').split('\n').length - 1;
    expect(messages / 500).toBeGreaterThan(45);
    expect(messages / 500).toBeLessThan(55);
  });

  it('escapes what COPY would take for its own', () => {
    const batch = new CopyBatch();
    batch.add('treatments', ['a\tb\\c\nd\re', null, ['x"y', '\\'], 7, new Date(0)]);
    expect(batch.textOf('treatments')).toBe(
      'a\\tb\\\\c\\nd\\re\t\\N\t{"x\\\\"y","\\\\\\\\"}\t7\t1970-01-01T00:00:00.000Z\n',
    );
  });
});

describe('SampleIds', () => {
  const ids = new SampleIds(TENANT, 1);

  it('gives valid UUIDv7 ids that tell the customer and sort by number', () => {
    const id = ids.of('message', 4_000_000_000, 65_535);
    expect(validate(id) && version(id) === 7).toBe(true);
    expect(SampleIds.customerOf(id)).toBe(4_000_000_000);
    expect(ids.of('customer', 1) < ids.of('customer', 2)).toBe(true);
  });

  it('gives other tenants other ids', () => {
    expect(new SampleIds('01980000-0000-7000-8000-000000000002', 1).of('customer', 1)).not.toBe(
      ids.of('customer', 1),
    );
  });

  it('refuses numbers it has no room for', () => {
    expect(() => ids.of('message', 1, 65_536)).toThrow(RangeError);
  });
});

describe('SampleRandom', () => {
  it('spreads evenly over neighbouring streams', () => {
    const firsts = Array.from({ length: 1000 }, (_, stream) => new SampleRandom(1, stream).next());
    const mean = firsts.reduce((sum, value) => sum + value, 0) / firsts.length;
    expect(mean).toBeCloseTo(0.5, 1);
    expect(new Set(firsts).size).toBe(1000);
  });
});
