import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const OUTPUT = join(import.meta.dirname, '../dist/console');
const COMPRESSED = /\.(js|css|svg|json)$/;
const SERVICE = 'http://127.0.0.1:8000';
/** One step below the best: a tenth larger, ten times as fast. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } };

/** Writes every asset beside itself as browsers like it best; the service sends these. */
function compress(): Plugin {
  return {
    name: 'compress',
    apply: 'build',
    async closeBundle() {
      const folder = join(OUTPUT, 'assets');
      const names = (await readdir(folder)).filter((name) => COMPRESSED.test(name));
      await Promise.all(
        names.map(async (name) => {
          const bytes = await readFile(join(folder, name));
          await writeFile(join(folder, `${name}.br`), await promisify(brotliCompress)(bytes, BROTLI));
          await writeFile(join(folder, `${name}.gz`), await promisify(gzip)(bytes, { level: 9 }));
        }),
      );
    },
  };
}

/** rjsf's own tests ask for its validator, which writes code at run time; `parts/schema-validator.ts` is in its place. */
function withoutAjv(): Plugin {
  const name = '@rjsf/validator-ajv8';
  return {
    name: 'without-ajv',
    enforce: 'pre',
    resolveId: (id) => (id === name ? name : undefined),
    load: (id) => (id === name ? 'export default undefined;' : undefined),
  };
}

/** The service fills these in with each page it sends. */
function fillIn(): Plugin {
  return {
    name: 'fill-in',
    apply: 'serve',
    transformIndexHtml: (html) => html.replace('%BASE%', '/').replace('nonce="%NONCE%"', ''),
  };
}

export default defineConfig({
  root: import.meta.dirname,
  base: './', // the service may stand below any path
  plugins: [react(), withoutAjv(), compress(), fillIn()],
  build: {
    outDir: OUTPUT,
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // a data: script would not be let in
    chunkSizeWarningLimit: 900,
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': SERVICE, '/mcp': SERVICE, '/ws': { target: SERVICE, ws: true } } },
});
