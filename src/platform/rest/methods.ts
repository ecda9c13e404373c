import { MethodNotAllowedException } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

type Layer = {
  readonly route?: { readonly methods: Readonly<Record<string, boolean | undefined>> };
  match(path: string): boolean;
};

/**
 * Tells a wrong method from a wrong path: 405 with `Allow` (RFC 9110 section 15.5.6) where another method would do, and what
 * `OPTIONS` asks for. It looks at the routes as Express has them, so it knows every one.
 */
export function requireKnownMethod(request: Request, response: Response, next: NextFunction): void {
  const allowed = methodsAt(request);
  if (allowed.size === 0 || allowed.has(request.method)) return next();
  response.setHeader('Allow', [...allowed].toSorted().join(', '));
  if (request.method === 'OPTIONS') return void response.status(204).end();
  throw new MethodNotAllowedException(
    `${request.method} is not possible here; the Allow header says what is`,
  );
}

/** None: there is nothing at the path. */
export function methodsAt(request: Request): Set<string> {
  const layers = (request.app.router as unknown as { stack: readonly Layer[] }).stack;
  const methods = new Set<string>();
  for (const layer of layers) {
    if (!layer.route || !matches(layer, request.path)) continue;
    for (const method of Object.keys(layer.route.methods)) methods.add(method.toUpperCase());
  }
  if (methods.has('GET')) methods.add('HEAD');
  return methods;
}

/** A path that is no URI is the router's to refuse. */
function matches(layer: Layer, path: string): boolean {
  try {
    return layer.match(path);
  } catch {
    return false;
  }
}
