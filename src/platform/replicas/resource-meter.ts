import { readFile, statfs } from 'node:fs/promises';
import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

/** What a process uses and what its machine (or container) has; field names are those of the REST API. */
export type Resources = {
  /** Processors that the process may use. */
  readonly cpu_count: number;
  /** Of all of these, what the process used since the measuring before: 0 to 1. */
  readonly cpu_share: number;
  /** Processes of the machine that ran or waited to, averaged over a minute; null where the system does not say (Windows). */
  readonly load_1m: number | null;
  readonly memory_rss_bytes: number;
  readonly heap_used_bytes: number;
  readonly heap_limit_bytes: number;
  /** Of the container where it has a limit, else of the machine. */
  readonly memory_total_bytes: number;
  readonly memory_available_bytes: number;
  /** How much later than due timers ran since the measuring before. */
  readonly event_loop_delay_mean_ms: number;
  readonly event_loop_delay_p99_ms: number;
  /** Over all network interfaces but the loopback since the measuring before; null where the system does not say (not Linux). */
  readonly network_received_bytes_per_second: number | null;
  readonly network_sent_bytes_per_second: number | null;
  /** Of the file system that the embedded database lies on; null: the database is elsewhere. */
  readonly disk_total_bytes: number | null;
  readonly disk_free_bytes: number | null;
};

type Sample = { readonly atMs: number; readonly cpu: NodeJS.CpuUsage; readonly network: Traffic | null };
type Traffic = { readonly received: number; readonly sent: number };

const TRAFFIC_FILE = '/proc/self/net/dev';
const RESOLUTION_MS = 20;

/** Measures this process. What is "since the measuring before" is over the whole time between two calls of {@link measure}. */
export class ResourceMeter {
  private readonly loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private last: Sample = { atMs: performance.now(), cpu: process.cpuUsage(), network: null };

  /** @param diskPath In the file system to tell of; undefined: none. */
  constructor(private readonly diskPath: string | undefined) {
    this.loop.enable();
  }

  stop(): void {
    this.loop.disable();
  }

  async measure(): Promise<Resources> {
    const now: Sample = {
      atMs: performance.now(),
      cpu: process.cpuUsage(),
      network: await readTraffic(),
    };
    const before = this.last;
    this.last = now;
    const { rss, heapUsed } = process.memoryUsage();
    const constrained = process.constrainedMemory();
    const isConstrained = constrained > 0 && constrained < totalmem();
    return {
      ...sinceOf(before, now),
      load_1m: process.platform === 'win32' ? null : round(loadavg()[0]),
      memory_rss_bytes: rss,
      heap_used_bytes: heapUsed,
      heap_limit_bytes: getHeapStatistics().heap_size_limit,
      memory_total_bytes: isConstrained ? constrained : totalmem(),
      memory_available_bytes: isConstrained ? process.availableMemory() : freemem(),
      ...this.takeDelays(),
      ...(await this.readDisk()),
    };
  }

  /** The histogram holds when timers ran, so an idle loop shows the resolution itself. */
  private takeDelays(): Pick<Resources, 'event_loop_delay_mean_ms' | 'event_loop_delay_p99_ms'> {
    const delays = {
      event_loop_delay_mean_ms: toDelay(this.loop.mean),
      event_loop_delay_p99_ms: toDelay(this.loop.percentile(99)),
    };
    this.loop.reset();
    return delays;
  }

  private async readDisk(): Promise<Pick<Resources, 'disk_total_bytes' | 'disk_free_bytes'>> {
    const unknown = { disk_total_bytes: null, disk_free_bytes: null };
    if (this.diskPath === undefined) return unknown;
    try {
      const { bsize, blocks, bavail } = await statfs(this.diskPath);
      return { disk_total_bytes: bsize * blocks, disk_free_bytes: bsize * bavail };
    } catch {
      return unknown;
    }
  }
}

function sinceOf(
  before: Sample,
  now: Sample,
): Pick<
  Resources,
  'cpu_count' | 'cpu_share' | 'network_received_bytes_per_second' | 'network_sent_bytes_per_second'
> {
  const ms = Math.max(1, now.atMs - before.atMs);
  const usedMs = (now.cpu.user + now.cpu.system - before.cpu.user - before.cpu.system) / 1000;
  const perSecond = (part: keyof Traffic): number | null =>
    now.network && before.network
      ? Math.max(0, Math.round(((now.network[part] - before.network[part]) * 1000) / ms))
      : null;
  return {
    cpu_count: availableParallelism(),
    cpu_share: Math.min(1, Number((usedMs / ms / availableParallelism()).toFixed(4))),
    network_received_bytes_per_second: perSecond('received'),
    network_sent_bytes_per_second: perSecond('sent'),
  };
}

async function readTraffic(): Promise<Traffic | null> {
  try {
    return trafficOf(await readFile(TRAFFIC_FILE, 'utf8'));
  } catch {
    return null;
  }
}

/** Of the table that Linux keeps: proc_pid_net(5). After a name the first number is bytes received, the ninth bytes sent. */
export function trafficOf(table: string): Traffic {
  const traffic = { received: 0, sent: 0 };
  for (const line of table.split('\n')) {
    const [name, counts] = line.split(':');
    if (counts === undefined || name.trim() === 'lo') continue;
    const numbers = counts.trim().split(/\s+/).map(Number);
    traffic.received += numbers[0];
    traffic.sent += numbers[8];
  }
  return traffic;
}

/** Of nothing the histogram's mean is no number. */
function toDelay(nanoseconds: number): number {
  return Number.isFinite(nanoseconds) ? round(Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS)) : 0;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
