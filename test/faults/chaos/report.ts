import { mkdirSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Findings } from './scenario.js';

export type Row = { readonly scenario: string; readonly findings?: Findings; readonly skipped?: string };

const OTHERS_SHOWN = 6;
const GIB = 2 ** 30;

/** As text, a line or two for each scenario. */
export function toText(rows: readonly Row[]): string {
  return rows
    .map(({ scenario, findings, skipped }) =>
      findings ? `${scenario}\n${describe(findings)}` : `${scenario}\n  SKIPPED: ${skipped}`,
    )
    .join('\n\n');
}

/** Leaves `chaos.json` and `chaos.txt` in `directory`. */
export function writeReport(directory: string, rows: readonly Row[]): void {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? arch()}, ${Math.round(totalmem() / GIB)} GiB, ${platform()}`;
  const node = process.version; // what the service runs on, too
  const about = { date: new Date().toISOString(), node, machine };
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'chaos.json'), `${JSON.stringify({ ...about, rows }, null, 2)}\n`);
  writeFileSync(join(directory, 'chaos.txt'), `${Object.values(about).join(' · ')}\n\n${toText(rows)}\n`);
}

function describe(findings: Findings): string {
  const { answered, lost, unclear, others, memory, normalAfterMs, p50Ms, p99Ms, notes } = findings;
  const most = Object.entries(others).toSorted(([, a], [, b]) => b - a);
  const lines = [
    ...notes,
    `answered ${answered}, of these not recorded ${lost.length}; latency p50 ${p50Ms} ms, p99 ${p99Ms} ms`,
    ...most.slice(0, OTHERS_SHOWN).map(([text, times]) => `${times} × ${text}`),
    ...(most.length > OTHERS_SHOWN ? [`and ${most.length - OTHERS_SHOWN} other endings`] : []),
    ...unclear.slice(0, OTHERS_SHOWN).map((text) => `UNCLEAR: ${text}`),
    `memory ${memory.beforeMiB} MiB before, ${memory.peakMiB} at most, ${memory.afterMiB} after; normal after ${normalAfterMs} ms`,
  ];
  return lines.map((line) => `  ${line}`).join('\n');
}
