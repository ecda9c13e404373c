/**
 * Reads how long this thread has computed: on a busy machine the clock goes on while others compute, and a budget by the clock would
 * refuse what it allows on a quiet one. Costs most of a microsecond. Node 22 has the clock only.
 *
 * @returns Milliseconds; only differences mean something.
 */
export const cpuMs: () => number = 'threadCpuUsage' in process ? threadMs : () => performance.now();

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
