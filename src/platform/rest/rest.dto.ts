import { applyDecorators, HttpStatus, type Type } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import { Transform, Type as As } from 'class-transformer';
import {
  IsDate,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Max,
  MaxLength,
  Min,
  Validate,
  ValidateIf,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { toName } from '../identity-text.js';
import { readTime } from '../time-text.js';
import { PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX } from './paging.js';

const TIME_WRONG = { message: '$property must be a time as in 2026-01-31T08:00:00Z' };

@ValidatorConstraint({ name: 'timeText' })
class TimeTextConstraint implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return readTime(value) !== undefined;
  }
}

/** `:id` of a path. */
export class IdParam {
  @ApiProperty({ format: 'uuid', description: 'As a list, or the answer that made it, gives it' })
  @IsUUID()
  id: string;
}

/** What every list takes. */
export class PageQueryDto {
  @ApiPropertyOptional({
    minimum: 1,
    maximum: PAGE_LIMIT_MAX,
    default: PAGE_LIMIT_DEFAULT,
    description: 'Rows on a page',
  })
  @IsOptional()
  @As(() => Number)
  @IsInt()
  @Min(1)
  @Max(PAGE_LIMIT_MAX)
  limit: number = PAGE_LIMIT_DEFAULT;

  @ApiPropertyOptional({ description: '`next_cursor` of the page before' })
  @IsOptional()
  @IsString()
  @MaxLength(500)
  cursor?: string;
}

/** A field that may be left out, but not be null: `@IsOptional` would let null pass. */
export function MayBeAbsent(): PropertyDecorator {
  return ValidateIf((_dto, value) => value !== undefined);
}

/** Cuts the spaces around a text before it is checked. */
export function Trimmed(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value));
}

/** Writes a name in the one way it is known by, before it is checked. */
export function Named(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? toName(value) : value));
}

/** `true` or `false` in a query string; anything else stays as it is and is refused by `@IsBoolean`. */
export function QueryBoolean(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) =>
    value === 'true' ? true : value === 'false' ? false : value,
  );
}

/** A time with its zone, as `Date`. */
export function Time(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => readTime(value) ?? value),
    IsDate(TIME_WRONG),
  );
}

/** A time with its zone, left as it was written. */
export function TimeText(): PropertyDecorator {
  return Validate(TimeTextConstraint, TIME_WRONG);
}

class FieldProblemDto {
  @ApiProperty({ example: 'name' })
  field: string;

  @ApiProperty({ example: 'must not be empty' })
  message: string;
}

class ErrorDto {
  @ApiProperty({ example: 'invalid_input' })
  code: string;

  @ApiPropertyOptional({ type: [FieldProblemDto], description: 'For invalid_input: each wrong field' })
  details?: FieldProblemDto[];
}

/** Every failure of a REST route. */
export class ErrorEnvelopeDto {
  @ApiProperty({ enum: [false] })
  success: false;

  @ApiProperty()
  message: string;

  @ApiProperty()
  error: ErrorDto;
}

class PageInfoDto {
  @ApiProperty()
  limit: number;

  @ApiProperty({ type: String, nullable: true })
  next_cursor: string | null;
}

class ReplicaEffectDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ example: 'toolcrib-1:8000' })
  name: string;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 12.4,
    description: 'Milliseconds from the commit until it was in force there; null: it did not say so in time',
  })
  ms: number | null;
}

type Schema = Record<string, unknown>;

const SUCCESS: Schema = { type: 'boolean', enum: [true] };
const MESSAGE: Schema = { type: 'string' };

/** Documents `{ success, data, message }` with `data` of the given class, or null. */
export function ApiData(model: Type | null, status: HttpStatus = HttpStatus.OK) {
  return documented(status, model, { success: SUCCESS, data: refOf(model), message: MESSAGE });
}

/** Documents `{ success, data, message }` with `data` of one of the given classes. */
export function ApiEither(...models: readonly Type[]) {
  const data = { oneOf: models.map(refOf) };
  return applyDecorators(
    ApiExtraModels(...models),
    documented(HttpStatus.OK, null, { success: SUCCESS, data, message: MESSAGE }),
  );
}

/** Documents `{ success, data: [...], message }`: a list that is always whole. */
export function ApiDataList(model: Type) {
  const data = { type: 'array', items: refOf(model) };
  return documented(HttpStatus.OK, model, { success: SUCCESS, data, message: MESSAGE });
}

/** Documents the answer of a change: as {@link ApiData}, with how it came into force. */
export function ApiChange(model: Type | null, status: HttpStatus = HttpStatus.OK) {
  const properties = {
    success: SUCCESS,
    data: refOf(model),
    message: MESSAGE,
    effective_immediately: {
      type: 'boolean',
      description:
        'Whether every live replica has it in force: the next call, wherever it arrives, is ruled by it',
    },
    epoch: {
      type: 'integer',
      nullable: true,
      description: 'Of the changed group: grows with each of its changes',
    },
    replicas: { type: 'array', items: refOf(ReplicaEffectDto) },
  };
  return documented(status, model, properties);
}

/** Documents `{ success, data: [...], message, page }`. */
export function ApiPage(model: Type) {
  const page = { $ref: getSchemaPath(PageInfoDto) };
  return documented(HttpStatus.OK, model, {
    success: SUCCESS,
    data: { type: 'array', items: refOf(model) },
    message: MESSAGE,
    page,
  });
}

/** Documents failures; the message of each says what to do. */
export function ApiFailures(...statuses: readonly HttpStatus[]) {
  return applyDecorators(...statuses.map((status) => ApiResponse({ status, type: ErrorEnvelopeDto })));
}

function refOf(model: Type | null): Schema {
  return model ? { $ref: getSchemaPath(model) } : { nullable: true };
}

function documented(status: HttpStatus, model: Type | null, properties: Schema) {
  const schema = { type: 'object', required: Object.keys(properties), properties };
  return applyDecorators(
    ApiExtraModels(PageInfoDto, ReplicaEffectDto, ErrorEnvelopeDto, ...(model ? [model] : [])),
    ApiResponse({ status, schema: schema as never }),
  );
}
