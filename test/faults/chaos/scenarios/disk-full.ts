import { statfsSync, rmSync, closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeDataDir } from '../../../support/server.js';
import { mountSmallDisk, unmount } from '../own-postgres.js';
import { type Scenario, underLoad } from '../scenario.js';
import { buildStage, type Stage } from '../stage.js';

const DISK_MIB = 256;
const FULL_MS = { short: 1500, full: 15_000 } as const;
const STEP = Buffer.alloc(64 << 10);

let mounted: { readonly directory: string; readonly problem?: string } | undefined;

/** The volume with the database has not one byte left: neither the table nor the write-ahead log can grow. */
export const fillDisk: Scenario = {
  name: "fill the database's disk",
  skip: () => mount().problem,
  ownStage: onSmallDisk,
  run: (stage, size) =>
    underLoad(stage, async () => {
      const { directory } = mount();
      const ballast = join(directory, 'ballast');
      const deadline = Date.now() + FULL_MS[size];
      while (Date.now() < deadline) {
        fill(ballast); // again: the server lets go of space now and then
        await delay(20);
      }
      const { bavail, bsize } = statfsSync(directory);
      const crashed = !(await stage.postgres.isAnswering());
      rmSync(ballast);
      await stage.postgres.start().catch(() => undefined); // it had gone down if the write-ahead log could not grow
      return {
        notes: [
          `${DISK_MIB} MiB volume with ${bavail * bsize} bytes free for ${FULL_MS[size] / 1000} s`,
          crashed ? 'PostgreSQL went down and was started again' : 'PostgreSQL stayed up',
        ],
      };
    }),
};

function mount(): { readonly directory: string; readonly problem?: string } {
  if (!mounted) {
    const directory = makeDataDir();
    mounted = { directory, ...mountSmallDisk(directory, DISK_MIB) };
    if (mounted.problem !== undefined) rmSync(directory, { recursive: true });
  }
  return mounted;
}

async function onSmallDisk(): Promise<Stage> {
  const { directory } = mount();
  const remove = () => {
    unmount(directory);
    rmSync(directory, { recursive: true, force: true });
  };
  const stage = await buildStage(directory).catch((error: unknown) => {
    remove();
    throw error;
  });
  return {
    ...stage,
    close: async () => {
      await stage.close();
      remove();
    },
  };
}

/** Takes all the space there is. */
function fill(file: string): void {
  const descriptor = openSync(file, 'a');
  try {
    for (let size = STEP.length; size >= 4096;) {
      try {
        writeSync(descriptor, STEP, 0, size);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        size /= 2;
      }
    }
  } finally {
    closeSync(descriptor);
  }
}
