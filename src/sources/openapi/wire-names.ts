import { isPlainObject } from '../../platform/plain-object.js';
import type { Wire } from './flat-schema.js';

/** Gives the members of a value the names that the API knows them by. */
export function onTheWire(value: unknown, wire: Wire | undefined): unknown {
  if (!wire) return value;
  if (Array.isArray(value)) return value.map((item) => onTheWire(item, wire.items));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([argument, member]) => [
      nameOf(wire.names, argument) ?? argument,
      onTheWire(
        member,
        wire.inside && Object.hasOwn(wire.inside, argument) ? wire.inside[argument] : undefined,
      ),
    ]),
  );
}

function nameOf(names: Wire['names'], argument: string): string | undefined {
  return names && Object.hasOwn(names, argument) ? names[argument] : undefined;
}
