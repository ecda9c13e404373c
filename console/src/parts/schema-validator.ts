import { type Schema, Validator } from '@cfworker/json-schema';
import type {
  ErrorTransformer,
  FormContextType,
  RJSFSchema,
  RJSFValidationError,
  ValidationData,
  ValidatorType,
} from '@rjsf/utils';

/**
 * Judges values by a JSON Schema without writing code at run time, which this page's policy does not let in (`unsafe-eval`). The service
 * has the last word.
 */
class SchemaValidator implements ValidatorType<unknown, RJSFSchema, FormContextType> {
  isValid(schema: RJSFSchema, formData: unknown, root: RJSFSchema): boolean {
    try {
      return new Validator({ ...root, ...schema } as Schema, '2020-12').validate(formData ?? null).valid;
    } catch {
      return false;
    }
  }

  readonly rawValidation: ValidatorType['rawValidation'] = (schema, formData) => ({
    errors: problemsOf(schema, formData) as never[],
  });

  validateFormData(
    formData: unknown,
    schema: RJSFSchema,
    _custom?: unknown,
    transform?: ErrorTransformer<unknown, RJSFSchema, FormContextType>,
  ): ValidationData<unknown> {
    const told: RJSFValidationError[] = problemsOf(schema, formData)
      .filter(({ keyword }) => keyword !== 'properties' && keyword !== 'items')
      .map(({ instanceLocation, keyword, error }) => ({
        name: keyword,
        message: error,
        property: instanceLocation.replace(/^#\/?/, '.').replaceAll('/', '.'),
        stack: `${instanceLocation.replace(/^#/, '')} ${error}`.trim(),
      }));
    const list = transform ? transform(told, {}) : told;
    return { errors: list, errorSchema: list.length > 0 ? { __errors: list.map(({ stack }) => stack) } : {} };
  }
}

function problemsOf(schema: RJSFSchema, value: unknown) {
  return new Validator(schema as Schema, '2020-12', false).validate(value ?? {}).errors;
}

export const schemaValidator = new SchemaValidator();
