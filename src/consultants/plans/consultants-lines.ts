import { InvalidInputError } from '../../platform/errors.js';
import type { PlanCase, PlanContent, PlanLine, Service } from './plan-case.js';
import { dayNumber, dayText } from './plan-days.js';
import { askFirst, contentOf, spacingRows } from './plan-rules.js';
import { gapOf } from './plan-spacing.js';

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
  const first = dayNumber(line.firstOn);
  if (first === undefined) throw wrongLines(`${line.firstOn} is no day`);
  const intervalDays = line.intervalDays ?? gapOf(service);
  return {
    service: { id: service.id, code: service.code, name: service.name },
    sessions: Array.from({ length: line.sessions }, (_, index) => dayText(first + index * intervalDays)),
    interval_days: intervalDays,
    duration_minutes: service.durationMinutes,
    price_min_cents: line.sessions * service.priceMinCents,
    price_max_cents: line.sessions * service.priceMaxCents,
    currency: service.currency,
    because: [
      { table: 'users', id: consultantId, field: 'decision', value: 'chosen by the consultant' },
      ...spacingRows(service),
    ],
    ask_first: askFirst(service, of),
  };
}

function wrongLines(message: string): InvalidInputError {
  return new InvalidInputError('The lines cannot be used', { details: [{ field: 'lines', message }] });
}
