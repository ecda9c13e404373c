import { readFileSync } from 'node:fs';

const SAMPLE_MS = 50;

/** Resident memory of a process in MiB, before, at its highest and after. */
export type Memory = { readonly beforeMiB: number; readonly peakMiB: number; readonly afterMiB: number };

/** @param pid Asked for each time: the process may be another one by then. */
export function watchMemory(pid: () => number | undefined): () => Memory {
  const before = residentMiB(pid());
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, residentMiB(pid()))), SAMPLE_MS);
  return () => {
    clearInterval(timer);
    const after = residentMiB(pid());
    return { beforeMiB: before, peakMiB: Math.max(peak, after), afterMiB: after };
  };
}

/** 0 where there is no such process, or no /proc to look it up in. */
function residentMiB(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024);
  } catch {
    return 0;
  }
}
