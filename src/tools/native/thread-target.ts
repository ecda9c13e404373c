import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ThreadTarget } from './thread-messages.js';

type Constructor = abstract new (...args: never[]) => unknown;

/** Where a build leaves what is compiled from `src/` and, for tests, from `test/`. */
const BUILD = 'dist';

/**
 * How a thread finds a method: it imports the module and makes the class by itself.
 *
 * @param module `import.meta.url` of the file that exports the class.
 * @throws {Error} A thread could not do that; the message says why and what to do.
 */
export function threadTargetOf(provider: object, method: string, module: string | undefined): ThreadTarget {
  const constructor = provider.constructor as Constructor;
  const className = constructor.name;
  if (module === undefined)
    throw new Error("isolation: 'worker' needs module: import.meta.url, so that a thread finds the class");
  if (hasDependencies(constructor)) {
    throw new Error(
      `${className} has constructor parameters or injected properties, which a thread cannot provide; ` +
        'move the method to a class without any',
    );
  }
  const file = compiledFile(module);
  if (file === undefined)
    throw new Error(`there is no module ${module}; set module: import.meta.url in the file of ${className}`);
  if (!exportsClass(file, className)) {
    throw new Error(`${module} does not export ${className}; export it under that name`);
  }
  return { module: pathToFileURL(file).href, className, method };
}

/**
 * The compiled file of a module. A test runner compiles sources in memory; a thread, which knows nothing of that, runs
 * the same module from the build beside them.
 *
 * @param module File URL.
 */
export function compiledFile(module: string): string | undefined {
  if (!URL.canParse(module) || !module.startsWith('file:')) return undefined;
  const file = fileURLToPath(module);
  if (!file.endsWith('.ts')) return existsSync(file) ? file : undefined;
  const root = packageOf(file);
  const built = join(root, BUILD, relative(root, file).replace(/\.ts$/, '.js'));
  return existsSync(built) ? built : undefined;
}

function packageOf(file: string): string {
  let folder = dirname(file);
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}

/** An inherited constructor counts; its parameters are not in the heir's `length`. */
function hasDependencies(constructor: Constructor): boolean {
  for (let next: unknown = constructor; typeof next === 'function' && next !== Function.prototype;) {
    const injected = Reflect.getMetadata('self:properties_metadata', next) as unknown[] | undefined;
    if (next.length > 0 || (injected?.length ?? 0) > 0) return true;
    next = Object.getPrototypeOf(next);
  }
  return false;
}

/** Loads nothing anew: the class came from that module. In tests it may be loaded a second time, for this check only. */
function exportsClass(file: string, className: string): boolean {
  const exported = createRequire(import.meta.url)(file) as Record<string, unknown>;
  return typeof exported[className] === 'function';
}
