import { Logger } from '@nestjs/common';
import { fetchGuarded } from '../../platform/network/guarded-http.js';
import { VERSION } from '../../platform/version.js';
import { fieldsOf, type ForwardedCall, summaryOf } from './forwarded-call.js';

const TIMEOUT_MS = 10_000;
const ANSWER_MAX_BYTES = 1_048_576;
/** SeverityNumber of the log data model: INFO and ERROR. */
const SEVERITY = { ok: [9, 'INFO'], failed: [17, 'ERROR'] } as const;
/** The collector says that the request itself is wrong: sent again it would be refused again (OTLP 1.x, "Failures"). */
const REFUSED = [400, 413, 422];

type PartialSuccess = { readonly partialSuccess?: { readonly rejectedLogRecords?: string | number } };

/** Sends calls to an OpenTelemetry collector: OTLP/HTTP, JSON encoding, signal logs. */
export class OtlpTarget {
  private readonly logger = new Logger(OtlpTarget.name);

  constructor(
    private readonly url: string,
    private readonly headers: Readonly<Record<string, string>> = {},
  ) {}

  /** @throws {Error} Not taken; to be sent again. A single record that the collector refuses is left out and logged. */
  async send(calls: readonly ForwardedCall[]): Promise<void> {
    const response = await fetchGuarded(new URL(this.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...this.headers },
      body: Buffer.from(JSON.stringify(toLogs(calls))),
      signal: AbortSignal.timeout(TIMEOUT_MS),
      privateNetworks: true, // the address is the operator's
      maxBytes: ANSWER_MAX_BYTES,
    });
    const text = await response.text();
    if (response.ok) return this.noteRejected(text);
    if (!REFUSED.includes(response.status)) throw new Error(`The collector answers ${response.status}`);
    if (calls.length === 1) {
      this.logger.error(`The collector refuses record ${calls[0].id} (${response.status}); it is left out`);
      return;
    }
    const middle = Math.ceil(calls.length / 2);
    await this.send(calls.slice(0, middle));
    await this.send(calls.slice(middle));
  }

  private noteRejected(text: string): void {
    let rejected = 0;
    try {
      const answer = JSON.parse(text) as PartialSuccess | null;
      rejected = Number(answer?.partialSuccess?.rejectedLogRecords ?? 0);
    } catch {
      return; // nothing or no JSON: taken as a whole
    }
    if (rejected > 0) this.logger.error(`The collector rejected ${rejected} records of those it was sent`);
  }
}

/** ExportLogsServiceRequest; 64-bit numbers are strings, as the JSON mapping of protobuf has them. */
export function toLogs(calls: readonly ForwardedCall[]): object {
  const logRecords = calls.map((call) => {
    const [severityNumber, severityText] = call.success ? SEVERITY.ok : SEVERITY.failed;
    return {
      timeUnixNano: `${call.createdAt.getTime()}000000`,
      severityNumber,
      severityText,
      body: { stringValue: summaryOf(call) },
      attributes: fieldsOf(call).map(([name, value]) => ({ key: `toolcrib.${name}`, value: toValue(value) })),
    };
  });
  const service = [
    { key: 'service.name', value: { stringValue: 'toolcrib' } },
    { key: 'service.version', value: { stringValue: VERSION } },
  ];
  return {
    resourceLogs: [
      {
        resource: { attributes: service },
        scopeLogs: [{ scope: { name: 'toolcrib.call_log' }, logRecords }],
      },
    ],
  };
}

function toValue(value: string | number | boolean): object {
  if (typeof value === 'string') return { stringValue: value };
  return typeof value === 'boolean' ? { boolValue: value } : { doubleValue: value };
}
