/** Far beyond what anything takes on a machine made five times slower: who has waited this long waits for ever. */
export const HANG_MS = 240_000;

const POLL_MS = 10;

/** Waits for something that will be true soon; gives up late, since a busy machine is no failure. */
export async function eventually(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  await pollUntil(
    async () => isTrue(),
    (isSo) => isSo,
    () => `Not true within ${HANG_MS} ms: ${isTrue.toString()}`,
  );
}

/** @returns What was looked for, once it is there. */
export async function eventuallyFound<T>(find: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const found = await pollUntil(
    async () => find(),
    (value) => value !== undefined,
    () => `Not found within ${HANG_MS} ms: ${find.toString()}`,
  );
  return found!;
}

/** Looks again until it is so. */
export async function pollUntil<T>(
  read: () => Promise<T>,
  isSo: (value: T) => boolean,
  complaint = (value: T) => `It stayed ${JSON.stringify(value)}`,
): Promise<T> {
  const deadline = Date.now() + HANG_MS;
  for (;;) {
    const value = await read();
    if (isSo(value)) return value;
    if (Date.now() > deadline) throw new Error(complaint(value));
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
