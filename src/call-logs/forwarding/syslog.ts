import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { isIP, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { connect as connectTls } from 'node:tls';
import { connectToHost } from '../../platform/network/connect-first.js';
import { fieldsOf, type ForwardedCall } from './forwarded-call.js';

const TIMEOUT_MS = 10_000;
/** Facility 13 (log audit), severities informational and warning (RFC 5424, section 6.2.1). */
const PRIORITY = { ok: 13 * 8 + 6, failed: 13 * 8 + 4 } as const;
/** Larger datagrams are lost on the way more often than not; such a call goes without its payloads. */
const DATAGRAM_MAX_BYTES = 8192;
const BOM = '\uFEFF';

/**
 * Sends calls to a syslog server (RFC 5424): over UDP (RFC 5426), or over TCP and TLS with octet counting (RFC 6587 section
 * 3.4.1, RFC 5425), one connection for each batch. Syslog has no acknowledgement; that the server ended the connection in
 * order after it was sent everything is taken for one. UDP has not even that.
 */
export class SyslogTarget {
  private readonly host: string;
  private readonly port: number;
  private readonly protocol: string;
  private readonly ca: string | undefined;

  constructor(address: string, caFile?: string) {
    const url = new URL(address);
    this.protocol = url.protocol;
    this.host = url.hostname.replace(/^\[|\]$/g, '');
    this.port = Number(url.port || (url.protocol === 'tls:' ? 6514 : url.protocol === 'tcp:' ? 601 : 514));
    this.ca = caFile === undefined ? undefined : readFileSync(caFile, 'utf8');
  }

  /** @throws {Error} Not sent as a whole; to be sent again. */
  async send(calls: readonly ForwardedCall[]): Promise<void> {
    if (this.protocol === 'udp:') return this.sendDatagrams(calls);
    const frames = calls.map((call) => {
      const message = toSyslog(call);
      return Buffer.concat([Buffer.from(`${message.length} `), message]);
    });
    await deliver(await this.connect(), Buffer.concat(frames));
  }

  private async connect(): Promise<Socket> {
    const { host, port, ca } = this;
    const socket = await connectToHost({ host, port, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (this.protocol === 'tcp:') return socket;
    return connectTls({ socket, host, ca, servername: isIP(host) ? '' : host, minVersion: 'TLSv1.2' });
  }

  private async sendDatagrams(calls: readonly ForwardedCall[]): Promise<void> {
    const socket = createSocket(isIP(this.host) === 6 ? 'udp6' : 'udp4');
    const failed = new Promise<never>((_resolve, reject) => socket.once('error', reject));
    failed.catch(() => undefined); // also when nobody waits for it any more
    try {
      for (const call of calls) {
        const whole = toSyslog(call);
        const message =
          whole.length <= DATAGRAM_MAX_BYTES
            ? whole
            : toSyslog({ ...call, arguments: undefined, result: undefined });
        await Promise.race([failed, this.sendDatagram(socket, message)]);
      }
    } finally {
      socket.close();
    }
  }

  private sendDatagram(socket: DatagramSocket, message: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      socket.send(message, this.port, this.host, (error) => (error ? reject(error) : resolve()));
    });
  }
}

/** Writes everything, says that it was all, and waits until the server has said so, too. */
function deliver(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    let isWritten = false;
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('The syslog server takes too long')));
    socket.once('error', reject);
    socket.once('close', (hadError) => {
      if (isWritten && !hadError) resolve();
      else reject(new Error('The syslog server ended the connection'));
    });
    socket.resume(); // what it says does not matter, that it ends does
    socket.end(bytes, () => {
      isWritten = true;
    });
  });
}

/** One message: the header, the fields as structured data, and the same as JSON for who reads only the text. */
export function toSyslog(call: ForwardedCall): Buffer {
  const fields = fieldsOf(call);
  const data = fields
    .filter(([name]) => name !== 'request_data' && name !== 'response_data')
    .map(([name, value]) => `${name}="${String(value).replaceAll(/["\\\]]/g, String.raw`\$&`)}"`);
  const host =
    hostname()
      .replaceAll(/[^\x21-\x7e]/g, '')
      .slice(0, 255) || '-';
  const header = [
    `<${call.success ? PRIORITY.ok : PRIORITY.failed}>1`,
    call.createdAt.toISOString(),
    host,
    'toolcrib',
    String(process.pid),
    'tools/call',
    `[call@32473 ${data.join(' ')}]`, // the enterprise number for those without one of their own (RFC 5612)
  ];
  return Buffer.from(`${header.join(' ')} ${BOM}${JSON.stringify(Object.fromEntries(fields))}`);
}
