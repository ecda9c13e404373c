import 'reflect-metadata';
import { Transform, Type as As } from 'class-transformer';
import { IsInt, IsObject, IsOptional, IsString, ValidateNested } from 'class-validator';
import { knownNames, plainToDto } from './plain-to-dto.js';

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

  it('knows the names that a class describes', () => {
    expect([...knownNames(Outer).keys()].toSorted()).toEqual(['free', 'limit', 'name', 'parts']);
  });

  it.each([[[1, 2]], ['text'], [5], [null]])('leaves %j to the validator', (value) => {
    expect(plainToDto(Inner, value)).toEqual(value);
  });
});
