// /proc: memory and CPU of a process tree, and what else the machine was doing
import { readFileSync, readdirSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { round } from './statistics.mjs';

const USER_HZ = 100; // the unit of the CPU times in /proc, on every Linux that Node runs on

function readProc(path) {
  try {
    return readFileSync(`/proc/${path}`, 'latin1');
  } catch {
    return ''; // the process is gone
  }
}

function processStat(pid) {
  const stat = readProc(`${pid}/stat`);
  if (!stat) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [utime, stime, cutime, cstime] = fields.slice(11, 15).map(Number);
  return { pid, parent: Number(fields[1]), ticks: utime + stime, reapedTicks: cutime + cstime };
}

function allProcesses() {
  const names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return names.map((name) => processStat(Number(name))).filter(Boolean);
}

/** The processes under (and including) a root. */
export function processTree(root, all = allProcesses()) {
  const tree = all.filter((stat) => stat.pid === root);
  for (let i = 0; i < tree.length; i++) {
    tree.push(...all.filter((stat) => stat.parent === tree[i].pid));
  }
  return tree;
}

/** CPU so far of processes and of the children they have reaped. */
export function cpuSeconds(processes) {
  return processes.reduce((sum, p) => sum + p.ticks + p.reapedTicks, 0) / USER_HZ;
}

/** rss counts shared pages once per process; pss shares them out, so it adds up. */
export function treeMemory(root) {
  const memory = { processes: 0, rssMiB: 0, pssMiB: 0 };
  for (const { pid } of processTree(root)) {
    const rollup = readProc(`${pid}/smaps_rollup`);
    const kib = (key) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0);
    memory.processes++;
    memory.rssMiB += kib('Rss') / 1024;
    memory.pssMiB += kib('Pss') / 1024;
  }
  return { processes: memory.processes, rssMiB: round(memory.rssMiB), pssMiB: round(memory.pssMiB) };
}

/** CPU that the hypervisor kept from this machine so far. */
function stolenSeconds() {
  return Number(readProc('stat').split('\n', 1)[0].split(/\s+/)[8]) / USER_HZ;
}

/** CPU so far of the load, of each tree and of the whole machine. */
export function snapshot(trees) {
  const load = process.cpuUsage();
  const all = allProcesses();
  return {
    time: performance.now(),
    load: (load.user + load.system) / 1e6,
    machine: cpuSeconds(all),
    stolen: stolenSeconds(),
    trees: Object.fromEntries(
      Object.entries(trees).map(([label, pid]) => [label, cpuSeconds(processTree(pid, all))]),
    ),
  };
}
