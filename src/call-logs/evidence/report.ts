/** What was found to be wrong. docs/tamper-evidence.md says what each means. */
export type FindingKind =
  | 'record_missing'
  | 'record_backdated'
  | 'record_changed'
  | 'record_moved'
  | 'record_added'
  | 'record_unerased'
  | 'records_miscounted'
  | 'batch_missing'
  | 'batch_changed'
  | 'batch_reordered'
  | 'checkpoint_missing'
  | 'checkpoint_late'
  | 'delivery_ahead'
  | 'checkpoint_changed'
  | 'checkpoint_replayed'
  | 'checkpoint_forged'
  | 'log_truncated'
  | 'removal_unsigned'
  | 'removal_forged'
  | 'erasure_unsigned'
  | 'uncovered_changed'
  | 'tenant_missing'
  | 'rows_hidden';

export type Finding = {
  readonly kind: FindingKind;
  readonly message: string;
  /** Of the record that it is about. */
  readonly recordId?: string;
};

/** Kept of each tenant; more are counted. */
const FINDINGS_MAX = 100;

/** What `verify` found out about one tenant. */
export class TenantReport {
  readonly findings: Finding[] = [];
  found = 0;
  /** Records that are there and are what their chain says. */
  records = 0;
  /** Of these, those whose payload was erased, signed. */
  erased = 0;
  /** Records that retention has removed, signed. */
  removed = 0;
  /** Records from before there were chains: nothing can be said about them but their number. */
  uncovered = 0;
  batches = 0;
  chains = 0;
  checkpoints = 0;
  newestCheckpoint: { readonly number: number; readonly at: Date; readonly records: number } | undefined;
  /** Lines of a checkpoint file that are about the tenant; undefined: no file was given. */
  delivered: number | undefined;

  constructor(
    readonly tenantId: string,
    readonly tenantName: string,
    /** false: only a file of checkpoints tells of it. */
    readonly isInDatabase = true,
  ) {}

  add(kind: FindingKind, message: string, recordId?: string): void {
    this.found++;
    if (this.findings.length < FINDINGS_MAX) this.findings.push({ kind, message, recordId });
  }
}

/** A record missing here and added there has changed hands. */
export function nameSwaps(reports: readonly TenantReport[]): void {
  const added = new Map(
    reports.flatMap(({ findings, tenantName, tenantId }) =>
      findings
        .filter(({ kind, recordId }) => kind === 'record_added' && recordId !== undefined)
        .map(({ recordId }) => [recordId, `${tenantName} (${tenantId})`] as const),
    ),
  );
  for (const { findings } of reports) {
    for (const [index, finding] of findings.entries()) {
      const holder = finding.kind === 'record_missing' ? added.get(finding.recordId) : undefined;
      if (holder) {
        findings[index] = { ...finding, message: `${finding.message}; it now lies with tenant ${holder}` };
      }
    }
  }
}

export type VerifyResult = {
  /** About the whole installation. */
  readonly findings: readonly Finding[];
  readonly reports: readonly TenantReport[];
  readonly notes: readonly string[];
};

export function countFindings({ findings, reports }: VerifyResult): number {
  return reports.reduce((sum, report) => sum + report.found, findings.length);
}

export function reportText(result: VerifyResult): string {
  const { findings, reports, notes } = result;
  const found = countFindings(result);
  const verdict =
    found === 0
      ? 'The log is what it was when it was written.'
      : `FOUND ${found}: the log was tampered with.`;
  const ofAll = findings.length > 0 ? [['installation', ...findings.map(findingText)].join('\n')] : [];
  return `${[...ofAll, ...reports.map(tenantText), ...notes, verdict].join('\n')}\n`;
}

function tenantText(report: TenantReport): string {
  const lines = [
    `tenant ${report.tenantName} (${report.tenantId})`,
    ...(report.isInDatabase ? holdings(report) : []),
    ...(report.delivered === undefined ? [] : [`  ${report.delivered} checkpoints in the file`]),
    ...report.findings.map(findingText),
  ];
  if (report.found > report.findings.length)
    lines.push(`  and ${report.found - report.findings.length} more`);
  return lines.join('\n');
}

function findingText({ kind, message }: Finding): string {
  return `  FOUND ${kind}: ${message}`;
}

function holdings(report: TenantReport): string[] {
  const { newestCheckpoint: newest } = report;
  return [
    `  ${report.records} records in ${report.batches} batches of ${report.chains} chains; ${report.erased} of them erased, ` +
      `${report.removed} more removed by retention, ${report.uncovered} from before there were chains`,
    newest
      ? `  ${report.checkpoints} checkpoints; the newest, number ${newest.number} of ${newest.at.toISOString()}, vouches for ` +
        `${newest.records} records`
      : '  no checkpoint: whoever takes away the newest batches is not found out',
  ];
}
