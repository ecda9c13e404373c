import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import type { Config } from '../config.js';
import { PACKAGE_FOLDER } from '../package-folder.js';
import { methodsAt } from './methods.js';

const FOLDER = join(PACKAGE_FOLDER, 'dist/console');
/** Never a page: what a client gets there, also by mistake, is JSON. A page in its place makes MCP clients begin an OAuth flow. */
const NOT_PAGES = /^\/(api|mcp|ws|health|metrics|oauth|\.well-known|assets)(\/|$)/;
const ASSET = /^\/assets\/[\w.-]+$/;
/** Best first; the build wrote them beside the file. */
const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;
const YEAR = '1y';

/**
 * Serves the console: its page at every address that is nobody else's, for browsers (`Accept: text/html`), and what the page loads. The
 * page names its files by their content, so those are kept by browsers for a year and the page itself is asked for each time.
 */
export function serveConsole(app: NestExpressApplication, config: Config): void {
  const file = join(FOLDER, 'index.html');
  if (!existsSync(file))
    return new Logger('Console').warn('The console is not built; only the API is served');
  const page = readFileSync(file, 'utf8').replace('%BASE%', `${config.publicPath}/`);
  const assets = new Set(readdirSync(join(FOLDER, 'assets')));
  app.use((request: Request, response: Response, next: NextFunction) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return next();
    if (ASSET.test(request.path)) return sendAsset(assets, request, response, next);
    if (NOT_PAGES.test(request.path) || methodsAt(request).size > 0) return next();
    if (!request.headers.accept?.includes('text/html')) return next();
    const nonce = randomBytes(16).toString('base64');
    response.setHeader('Content-Security-Policy', policyOf(nonce)).setHeader('Cache-Control', 'no-cache');
    response.type('html').send(page.replace('%NONCE%', nonce));
  });
}

/** The nonce is for the style sheets that libraries write while the page runs; scripts come from our files alone. */
function policyOf(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function sendAsset(
  assets: ReadonlySet<string>,
  request: Request,
  response: Response,
  next: NextFunction,
): void {
  const name = request.path.slice('/assets/'.length);
  if (!assets.has(name)) return next();
  const [encoding, ending] = ENCODINGS.find(
    ([known, end]) => assets.has(name + end) && request.acceptsEncodings(known),
  ) ?? ['identity', ''];
  response.type(name).vary('Accept-Encoding');
  if (ending !== '') response.setHeader('Content-Encoding', encoding);
  const options = { root: join(FOLDER, 'assets'), maxAge: YEAR, immutable: true } as const;
  response.sendFile(name + ending, options, (error) => error && next(error));
}
