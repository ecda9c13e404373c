import { InvalidInputError } from '../../platform/errors.js';
import type { PlanCase, PlanContent, PlanLine, Service } from './plan-case.js';
import { dayOf } from './plan-days.js';
import { contentOf, planLine } from './plan-rules.js';
import { gapOf, sessionDays } from './plan-spacing.js';

/** A line as a consultant writes it. */
export type ConsultantsLine = {
  readonly serviceId: string;
  readonly sessions: number;
  readonly firstOn: string;
  /** Absent: as many as the service needs. */
  readonly intervalDays?: number;
};

/**
 * Makes a consultant's lines into what a plan holds. How many sessions there are and what they are for is the consultant's word; the
 * rules are checked by `violationsOf`.
 *
 * @throws {InvalidInputError} A service is not offered, or is there twice.
 */
export function consultantsContent(
  lines: readonly ConsultantsLine[],
  of: PlanCase,
  consultantId: string,
): PlanContent {
  const ids = lines.map(({ serviceId }) => serviceId);
  if (new Set(ids).size < ids.length) throw wrongLines('a service is there twice');
  const made = lines.map((line): PlanLine => {
    const service = of.services.find(({ id }) => id === line.serviceId);
    if (!service) throw wrongLines(`${line.serviceId} is no service that you offer`);
    return lineOf(line, service, of, consultantId);
  });
  return contentOf(made, [], of);
}

function lineOf(line: ConsultantsLine, service: Service, of: PlanCase, consultantId: string): PlanLine {
  const intervalDays = line.intervalDays ?? gapOf(service);
  const days = sessionDays({ service, sessions: line.sessions, intervalDays }, dayOf(line.firstOn));
  const chosen = {
    table: 'users',
    id: consultantId,
    field: 'decision',
    value: 'chosen by the consultant',
  } as const;
  return planLine({ service, intervalDays, because: [chosen] }, days, of);
}

function wrongLines(message: string): InvalidInputError {
  return new InvalidInputError('The lines cannot be used', { details: [{ field: 'lines', message }] });
}
