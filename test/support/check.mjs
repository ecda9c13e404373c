// All checks before the tests (`npm run check`), two at a time: each of these programs uses little more than one core.
// The compiler makes the build without checking it, then checks everything once.
import { execFile } from 'node:child_process';

/** Runs a script of package.json and prints what it said when it is done, so that the words of two do not mix. */
function run(script) {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const options = { shell: process.platform === 'win32', maxBuffer: Infinity };
    execFile('npm', ['run', '-s', script], options, (error, stdout, stderr) => {
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      process.stdout.write(`${script}: ${error ? 'FAILED' : 'ok'} (${seconds} s)\n`);
      if (!error) return resolve();
      process.stdout.write(stdout);
      process.stderr.write(stderr);
      reject(new Error(script));
    });
  });
}

/** The types of the REST API, made from the build; lint and the type check of the tests read them. */
const client = run('build:test').then(() => run('api:types'));
const lanes = await Promise.allSettled([
  client.then(() => run('typecheck')),
  run('format:check')
    .then(() => run('build:console'))
    .then(() => client)
    .then(() => run('lint')),
]);
if (lanes.some(({ status }) => status === 'rejected')) process.exitCode = 1;
