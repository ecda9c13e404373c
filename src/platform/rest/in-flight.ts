import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import type { Request } from 'express';
import { IN_FLIGHT } from '../replicas/change-bus.js';
import { type InFlight } from '../replicas/change-bus.js';
import { invalidFields } from './validation.js';

/** `?in_flight=` of a route that can take something away from running calls. Document it with {@link ApiInFlight}. */
export const InFlightParam = createParamDecorator(
  (_data: unknown, context: ExecutionContext): InFlight | undefined => {
    const asked = context.switchToHttp().getRequest<Request>().query['in_flight'];
    if (asked === undefined) return undefined;
    const found = IN_FLIGHT.find((policy) => policy === asked);
    if (found) return found;
    throw invalidFields([{ field: 'in_flight', message: `must be one of ${IN_FLIGHT.join(', ')}` }]);
  },
);

export function ApiInFlight() {
  return applyDecorators(
    ApiQuery({
      name: 'in_flight',
      required: false,
      enum: IN_FLIGHT,
      description:
        'What becomes of running calls that lose their key, tool or group: drain (default) lets them finish and be answered; ' +
        'cut aborts them on every replica',
    }),
  );
}
