import { wordsAmong, wordsOf } from './health-words.js';
import { type Evidence, type PlanCase, type Service, serviceRow } from './plan-case.js';

/** A contraindication that what is known of the customer meets. */
export type Conflict = { readonly contraindication: string; readonly rows: readonly Evidence[] };

/**
 * Finds why a customer must not have a service. A statement meets a contraindication when it has all words of it that count; an
 * allergy, when any of its own is in it. So "no allergy to lidocaine" meets it as well: whoever knows better mends the file.
 */
export function conflictsOf(service: Service, { health, unsuitable }: PlanCase): Conflict[] {
  const met = service.contraindications.flatMap((contraindication): Conflict[] => {
    const forbidden = wordsOf(contraindication);
    const said = health.filter((statement) => meets(statement, forbidden));
    if (said.length === 0) return [];
    return [
      { contraindication, rows: [...said, serviceRow(service, 'contraindications', contraindication)] },
    ];
  });
  const found = unsuitable
    .filter(({ serviceId }) => serviceId === service.id)
    .map(({ evidence }) => ({ contraindication: 'found unsuitable in a consultation', rows: [evidence] }));
  return [...met, ...found];
}

function meets(statement: Evidence, forbidden: readonly string[]): boolean {
  const said = wordsSaid(statement);
  if (statement.field === 'allergies' && wordsAmong(said, forbidden).length > 0) return true;
  return wordsAmong(forbidden, said).length === forbidden.length;
}

/** Of what is known of a customer's health, which a plan holds against every service. */
const SAID = new WeakMap<Evidence, readonly string[]>();

function wordsSaid(statement: Evidence): readonly string[] {
  const said = SAID.get(statement) ?? wordsOf(statement.value);
  SAID.set(statement, said);
  return said;
}
