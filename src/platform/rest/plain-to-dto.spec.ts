import 'reflect-metadata';
import { Transform, Type as As } from 'class-transformer';
import { ArrayMaxSize, IsInt, IsObject, IsOptional, IsString, ValidateNested } from 'class-validator';
import { knownFields, plainToDto } from './plain-to-dto.js';

class Inner {
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value))
  @IsString()
  name: string;
}

class Outer extends Inner {
  @IsOptional()
  @As(() => Number)
  @IsInt()
  limit = 20;

  @ArrayMaxSize(3)
  @ValidateNested({ each: true })
  @As(() => Inner)
  parts: Inner[];

  @IsObject()
  free: object;
}

describe('plainToDto', () => {
  it('makes nested DTOs and honours what their classes, and those above them, say', () => {
    const free = { toString: 1, constructor: 2 };
    const dto = plainToDto(Outer, { name: ' a ', limit: '5', parts: [{ name: ' b ' }, 7, null], free });
    expect(dto).toBeInstanceOf(Outer);
    expect(dto).toEqual({ name: 'a', limit: 5, parts: [{ name: 'b' }, 7, null], free });
    expect(dto.parts[0]).toBeInstanceOf(Inner);
    expect(dto.free).toBe(free);
    expect(plainToDto(Outer, {}).limit).toBe(20);
  });

  it('leaves what no class describes, for the validator to tell, and no way into the prototype', () => {
    const dto = plainToDto(Inner, JSON.parse('{"__proto__":{"a":1},"constructor":1,"b":2,"toString":3}'));
    expect(Object.getPrototypeOf(dto)).toBe(Inner.prototype);
    expect(Object.keys(dto)).toEqual(['b', 'toString']);
  });

  it('knows the fields that a class describes, and how long their lists may be', () => {
    const longest = [...knownFields(Outer)].map(([name, { listMax }]) => [name, listMax]);
    expect(Object.fromEntries(longest)).toEqual({
      free: Infinity,
      limit: Infinity,
      name: Infinity,
      parts: 3,
    });
  });

  it.each([[[1, 2]], ['text'], [5], [null]])('leaves %j to the validator', (value) => {
    expect(plainToDto(Inner, value)).toEqual(value);
  });
});
