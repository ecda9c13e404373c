import { bundle, PROGRAMS } from '../../bundle.mjs';

/** The programs, and the servers of the tests with them: so they share their files. */
await bundle({
  ...PROGRAMS,
  'chaos-server': 'test/fixtures/chaos-server.js',
  'conformance-server': 'test/fixtures/conformance-server.js',
  'jobs-server': 'test/fixtures/jobs-server.js',
});
