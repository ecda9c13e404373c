import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import {
  IsObject,
  Validate,
  type ValidationArguments,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { z } from 'zod';
import { MayBeAbsent } from './rest.dto.js';

@ValidatorConstraint({ name: 'schema' })
class SchemaConstraint implements ValidatorConstraintInterface {
  validate(value: unknown, { constraints: [schema] }: ValidationArguments): boolean {
    return (schema as z.ZodType).safeParse(value).success;
  }

  defaultMessage({ value, constraints: [schema] }: ValidationArguments): string {
    const { error } = (schema as z.ZodType).safeParse(value);
    const problems = error?.issues.map(({ path, message }) =>
      path.length > 0 ? `${path.join('.')}: ${message}` : message,
    );
    return problems?.join('; ') ?? 'does not fit its schema';
  }
}

/**
 * A JSON object of a request that one zod schema describes and checks, because the same object also comes from elsewhere
 * (the configuration file, the database). It is replaced as a whole.
 */
export function SchemaField(schema: z.ZodObject, description: string, example: object): PropertyDecorator {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io: 'input', target: 'openapi-3.0' });
  return applyDecorators(
    ApiPropertyOptional({
      ...(json as object),
      type: 'object',
      description,
      example,
      additionalProperties: false,
    }),
    MayBeAbsent(),
    IsObject(),
    Validate(SchemaConstraint, [schema]),
  );
}
