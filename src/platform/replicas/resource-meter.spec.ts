import { ResourceMeter, trafficOf } from './resource-meter.js';

const ticks = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('ResourceMeter', () => {
  it('measures the process and, where it is asked to, a file system', async () => {
    const meter = new ResourceMeter(process.cwd());
    try {
      const first = await meter.measure();
      expect(first.cpu_count).toBeGreaterThanOrEqual(1);
      expect(first.memory_rss_bytes).toBeGreaterThan(first.heap_used_bytes / 2);
      expect(first.memory_available_bytes).toBeLessThanOrEqual(first.memory_total_bytes);
      expect(first.disk_free_bytes).toBeLessThanOrEqual(first.disk_total_bytes!);
      await ticks(60); // the histogram begins with the second tick of its timer
      const until = performance.now() + 100;
      while (performance.now() < until); // holds the event loop up, and a processor
      await ticks(60);
      const second = await meter.measure();
      expect(second.cpu_share).toBeGreaterThan(0);
      expect(second.cpu_share).toBeLessThanOrEqual(1);
      expect(second.event_loop_delay_p99_ms).toBeGreaterThan(50);
    } finally {
      meter.stop();
    }
  });

  it('says nothing of a disk that is not there', async () => {
    const meter = new ResourceMeter('/nowhere/at/all');
    const { disk_total_bytes, disk_free_bytes } = await meter.measure();
    meter.stop();
    expect([disk_total_bytes, disk_free_bytes]).toEqual([null, null]);
  });

  it('adds up the interfaces of proc_pid_net(5), without the loopback', () => {
    const table = [
      'Inter-|   Receive                                                |  Transmit',
      ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed',
      '    lo: 9000000   1000    0    0    0     0          0         0  9000000    1000    0    0    0     0       0          0',
      '  eth0:1200      12    0    0    0     0          0         0      300       3    0    0    0     0       0          0',
      '  eth1: 34       1    0    0    0     0          0         0      7       1    0    0    0     0       0          0',
      '',
    ].join('\n');
    expect(trafficOf(table)).toEqual({ received: 1234, sent: 307 });
  });
});
