import { wordsAmong, wordsOf } from './health-words.js';
import type { DraftLine, Evidence, PlanCase, RuleStep, Service } from './plan-case.js';
import { refusalOf } from './plan-rules.js';

/** A plan by rules suggests no more than this; the customer's own wishes are seldom more. */
const SUGGESTED_MAX = 5;

type Reason = { readonly evidence: Evidence; readonly points: number; readonly words: readonly string[] };
type Rated = { readonly service: Service; readonly points: number; readonly reasons: readonly Reason[] };

/**
 * Writes a draft without any agent: the services that what the customer wants is about, by rows, most wanted first, of equal ones
 * the cheaper. What a row says of no service is of no use here, and no service is suggested for which no row speaks.
 */
export function ruleDraft(of: PlanCase): { readonly draft: DraftLine[]; readonly steps: RuleStep[] } {
  const rated = rate(of);
  const refused = rated.flatMap(({ service }): RuleStep[] => {
    const refusal = refusalOf(service, of);
    return refusal ? [{ ...refusal, did: 'refused' }] : [];
  });
  const left = rated.filter(({ service }) => !refused.some(({ service: code }) => code === service.code));
  const chosen = left
    .filter(({ service }) => !of.wishes.without.includes(service.id))
    .slice(0, SUGGESTED_MAX);
  return {
    draft: chosen.map(({ service, reasons }) => ({
      service: service.id,
      because: reasons.map(({ evidence }) => evidence),
    })),
    steps: [...refused, ...chosen.map(stepOf)],
  };
}

/** Rows that speak for a service, by its id; those for which none does are not there. */
export function reasonsByService(of: PlanCase): ReadonlyMap<string, readonly Evidence[]> {
  return new Map(
    rate(of).map(({ service, reasons }) => [service.id, reasons.map(({ evidence }) => evidence)]),
  );
}

function stepOf({ service, points, reasons }: Rated): RuleStep {
  const because = reasons.map(({ evidence, words }) =>
    words.length === 0 ? evidence.field : `${evidence.field} (${words.join(', ')})`,
  );
  return {
    rule: 'wanted',
    did: 'chosen',
    service: service.code,
    text: `${points} points: ${because.join('; ')}`,
    rows: reasons.map(({ evidence }) => evidence),
  };
}

function rate(of: PlanCase): Rated[] {
  const words = new Map(of.services.map((service) => [service.id, wordsOfService(service)]));
  const reasons = new Map<string, Reason[]>();
  for (const { evidence, weight, serviceId } of of.wants) {
    if (serviceId !== null) {
      add(reasons, serviceId, { evidence, points: weight, words: [] });
      continue;
    }
    const wanted = wordsOf(evidence.value);
    const hits = of.services.map(({ id }) => ({ id, met: wordsAmong(wanted, words.get(id) ?? []) }));
    const most = Math.max(0, ...hits.map(({ met }) => met.length));
    if (most === 0) continue;
    for (const { id, met } of hits)
      if (met.length === most) add(reasons, id, { evidence, points: weight, words: met });
  }
  return of.services
    .flatMap((service): Rated[] => {
      const own = reasons.get(service.id) ?? [];
      const points = own.reduce((sum, reason) => sum + reason.points, 0);
      return points === 0 ? [] : [{ service, points, reasons: own }];
    })
    .toSorted(
      (one, other) =>
        other.points - one.points ||
        one.service.priceMaxCents - other.service.priceMaxCents ||
        (one.service.code < other.service.code ? -1 : 1),
    );
}

function add(reasons: Map<string, Reason[]>, id: string, reason: Reason): void {
  reasons.set(id, [...(reasons.get(id) ?? []), reason]);
}

function wordsOfService({ code, name, category, description }: Service): string[] {
  return wordsOf([code, name, category, description].join(' '));
}
