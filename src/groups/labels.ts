import { applyDecorators } from '@nestjs/common';
import { ArrayMaxSize, ArrayUnique, IsArray, Matches } from 'class-validator';

export const LABEL = /^[a-z0-9][a-z0-9_-]{0,31}$/;
export const LABELS_MAX = 32;

/** Names of roles or tiers: at most 32, each once. */
export function IsLabels(): PropertyDecorator {
  const message = 'each of $property must be 1 to 32 of a-z, 0-9, _ and -';
  return applyDecorators(
    IsArray(),
    ArrayMaxSize(LABELS_MAX),
    ArrayUnique(),
    Matches(LABEL, { each: true, message }),
  );
}
