import { rmSync } from 'node:fs';

export default async function globalTeardown() {
  const running = globalThis.testDatabaseServer;
  globalThis.testDatabaseServer = undefined;
  if (!running?.server) return;
  await running.server.stop();
  running.dataDir.release();
  rmSync(running.directory, { recursive: true, force: true });
}
