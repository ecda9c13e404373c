import * as fc from 'fast-check';
import { conflictsOf } from './contraindications.js';
import { type DraftLine, type Evidence, NO_WISHES, type PlanCase, type Service } from './plan-case.js';
import { dayNumber, dayText } from './plan-days.js';
import { planOf } from './plan-rules.js';
import { violationsOf } from './plan-violations.js';
import { ruleDraft } from './rule-plan.js';

const TODAY = '2026-06-30';

function service(code: string, more: Partial<Service> = {}): Service {
  return {
    id: `id-${code}`,
    code,
    name: code,
    category: 'skin',
    description: '',
    priceMinCents: 10_000,
    priceMaxCents: 20_000,
    currency: 'CNY',
    durationMinutes: 30,
    recoveryDays: 0,
    usualSessions: 3,
    sessionIntervalDays: 14,
    contraindications: [],
    ...more,
  };
}

function said(value: string, field = 'health_notes'): Evidence {
  return { table: 'customer_profiles', id: 'customer', field, value };
}

function wants(value: string) {
  return { evidence: said(value, 'goals'), weight: 4, serviceId: null };
}

function caseOf(more: Partial<PlanCase> = {}): PlanCase {
  const none = { health: [], wants: [], unsuitable: [], past: [] };
  return { today: TODAY, services: [], ...none, wishes: NO_WISHES, budget: null, currency: 'CNY', ...more };
}

function budget(maxCents: number): PlanCase['budget'] {
  return { maxCents, evidence: said(String(maxCents), 'budget_max_cents') };
}

const because = [said('spots', 'goals')];
const HEALTH = ['pregnant', 'allergy to lidocaine', 'keloid', 'pacemaker', 'herpes', 'open wounds', '怀孕'];

const services = fc.uniqueArray(
  fc.record({
    code: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
    priceMaxCents: fc.nat(2_000_000),
    currency: fc.constantFrom('CNY', 'CNY', 'CNY', 'EUR'),
    recoveryDays: fc.nat(20),
    usualSessions: fc.integer({ min: 1, max: 12 }),
    sessionIntervalDays: fc.nat(90),
    contraindications: fc.array(
      fc.constantFrom('pregnancy', 'allergy to lidocaine', 'keloid tendency', 'pacemaker'),
      {
        maxLength: 3,
      },
    ),
  }),
  { selector: ({ code }) => code, maxLength: 7 },
);
const day = fc.integer({ min: 20_600, max: 21_200 }).map(dayText);
const cases: fc.Arbitrary<PlanCase> = fc
  .record({
    services,
    health: fc.array(
      fc.constantFrom(...HEALTH).map((value) => said(value)),
      { maxLength: 3 },
    ),
    past: fc.array(
      fc.record({
        serviceId: fc.constantFrom('id-a', 'id-b', null),
        on: fc.integer({ min: 20_500, max: 20_634 }),
        recoveryDays: fc.nat(20),
      }),
      { maxLength: 3 },
    ),
    maxCents: fc.option(fc.nat(10_000_000)),
    startOn: fc.option(day),
    finishBy: fc.option(day),
    without: fc.array(fc.constantFrom('id-a', 'id-c'), { maxLength: 2 }),
    unsuitable: fc.array(fc.constantFrom('id-b', 'id-e'), { maxLength: 1 }),
  })
  .map(({ services: found, health, past, maxCents, startOn, finishBy, without, unsuitable }) =>
    caseOf({
      services: found.map(({ code, priceMaxCents, ...rest }) =>
        service(code, { ...rest, priceMaxCents, priceMinCents: Math.trunc(priceMaxCents / 2) }),
      ),
      health,
      past,
      budget: maxCents === null ? null : budget(maxCents),
      wishes: { ...NO_WISHES, startOn, finishBy, without },
      unsuitable: unsuitable.map((serviceId) => ({ serviceId, evidence: said('unsuitable', 'outcome') })),
      wants: [wants('skin')],
    }),
  );
/** As wild as an agent. */
const drafts: fc.Arbitrary<DraftLine[]> = fc.array(
  fc.record(
    {
      service: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'id-f', 'botox', ''),
      sessions: fc.oneof(fc.integer({ min: -5, max: 1000 }), fc.double({ noNaN: true, min: 0, max: 50 })),
      startOn: fc.oneof(day, fc.constant('2026-02-30')),
      intervalDays: fc.integer({ min: -10, max: 10_000 }),
      because: fc.constantFrom(because, []),
    },
    { requiredKeys: ['service', 'because'] },
  ),
  { maxLength: 12 },
);

describe('a plan', () => {
  it('breaks no rule, whatever draft it is made of', () => {
    fc.assert(
      fc.property(cases, drafts, (of, draft) => {
        const plan = planOf(draft, of);
        expect(violationsOf(plan.lines, of)).toEqual([]);
        expect(plan.lines.every((line) => line.because.length > 3 && line.sessions.length > 0)).toBe(true);
      }),
    );
  });

  it('by rules breaks none either, and each line has rows of the customer for it', () => {
    fc.assert(
      fc.property(cases, (of) => {
        const { draft, steps } = ruleDraft(of);
        const plan = planOf(draft, of, steps);
        expect(violationsOf(plan.lines, of)).toEqual([]);
        for (const line of plan.lines)
          expect(line.because.some(({ table }) => table !== 'projects')).toBe(true);
      }),
    );
  });

  it('is the same for the same rows', () => {
    fc.assert(
      fc.property(cases, drafts, (of, draft) => {
        expect(planOf(draft, of)).toEqual(planOf(draft, of));
      }),
    );
  });

  it('leaves out what is contraindicated, and says by which rows', () => {
    const filler = service('filler', { contraindications: ['pregnancy', 'allergy to lidocaine'] });
    const of = caseOf({ services: [filler], health: [said('lidocaine', 'allergies')] });
    const plan = planOf([{ service: 'filler', because }], of);
    expect(plan.lines).toEqual([]);
    expect(plan.derivation).toMatchObject([
      {
        rule: 'contraindicated',
        did: 'removed',
        service: 'filler',
        rows: [
          { field: 'allergies', value: 'lidocaine' },
          { table: 'projects', field: 'contraindications' },
        ],
      },
    ]);
  });

  it('has as many sessions as the upper end of the prices leaves room for', () => {
    const of = caseOf({ services: [service('peel')], budget: budget(45_000) });
    const plan = planOf([{ service: 'peel', because }], of);
    expect(plan.lines[0]?.sessions).toEqual(['2026-07-01', '2026-07-15']);
    expect(plan.total).toEqual({ min_cents: 20_000, max_cents: 40_000, currency: 'CNY' });
    expect(plan.derivation).toMatchObject([{ rule: 'budget', did: 'reduced', service: 'peel' }]);
  });

  it('lets the customer recover between two services, and after what was done', () => {
    const laser = service('laser', { recoveryDays: 7, usualSessions: 1 });
    const peel = service('peel', { recoveryDays: 3, usualSessions: 1 });
    const past = [{ serviceId: 'id-laser', on: dayNumber('2026-06-25')!, recoveryDays: 7 }];
    const draft = ['laser', 'peel'].map((code) => ({ service: code, startOn: '2026-07-01', because }));
    const plan = planOf(draft, caseOf({ services: [laser, peel], past }));
    expect(plan.lines.map(({ sessions }) => sessions)).toEqual([['2026-07-09'], ['2026-07-02']]);
    expect(plan.derivation.map(({ rule, did }) => [rule, did])).toEqual([
      ['spacing', 'moved'],
      ['spacing', 'moved'],
    ]);
  });

  it('says what is to be asked: silence on file is no all-clear', () => {
    const of = caseOf({
      services: [service('ipl', { contraindications: ['pregnancy', 'recent sun exposure'] })],
    });
    expect(planOf([{ service: 'ipl', because }], of).lines[0]?.ask_first).toEqual([
      'pregnancy',
      'recent sun exposure',
    ]);
  });
});

describe('what a rule plan is made of', () => {
  it('follows the wishes of the customer, the most wanted first', () => {
    const catalogue = [
      service('hydra', { name: '水光清洁 Hydra facial' }),
      service('pico', {
        name: '皮秒祛斑 Picosecond laser',
        category: 'laser',
        description: 'Breaks up pigment spots',
      }),
      service('hair', { name: '激光脱毛 Laser hair removal', category: 'laser' }),
    ];
    const wanting = (...texts: string[]) =>
      ruleDraft(caseOf({ services: catalogue, wants: texts.map(wants) })).draft.map(({ service: id }) => id);
    expect(wanting('get rid of my pigment spots')).toEqual(['id-pico']);
    expect(wanting('hair removal with a laser')).toEqual(['id-hair']);
    expect(wanting('祛斑', 'pigment spots', 'Hydra facial')).toEqual(['id-pico', 'id-hydra']);
    expect(wanting('a new car')).toEqual([]);
  });
});

describe('contraindications', () => {
  it.each([
    ['pregnancy', '客户怀孕三个月', true],
    ['pregnancy', 'She is pregnant.', true],
    ['allergy to lidocaine', '利多卡因过敏', true],
    ['keloid tendency', 'keloids on the shoulder', true],
    ['metal implants in the area', 'a metal implant in the jaw', true],
    ['blood thinners', 'takes warfarin', true],
    ['妊娠', 'pregnant', true],
    ['blood thinners', 'Takes blood pressure medication.', false],
    ['open wounds in the area', 'open to new things', false],
    ['pregnancy', 'Dry in winter', false],
  ])('%s, and on file: %s: met is %s', (contraindication, value, met) => {
    const one = service('x', { contraindications: [contraindication] });
    expect(conflictsOf(one, caseOf({ health: [said(value)] })).length > 0).toBe(met);
  });
});
