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
    const said = health.filter((statement) => meets(statement, contraindication));
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

function meets({ field, value }: Evidence, contraindication: string): boolean {
  const [forbidden, said] = [wordsOf(contraindication), wordsOf(value)];
  if (field === 'allergies' && wordsAmong(said, forbidden).length > 0) return true;
  return wordsAmong(forbidden, said).length === forbidden.length;
}
