import { Logger } from '@nestjs/common';
import { readTime } from '../../platform/time-text.js';
import { type Command, parse, print, UsageError, withInstallation } from './command.js';

/** What looks an installation over and changes nothing. */
export const EXAMINING_COMMANDS: readonly Command[] = [
  {
    name: 'doctor',
    takes: '[--isolation] [--json]',
    help: [
      'look the installation over; with --isolation, let one made-up tenant attack',
      'another over every route and tool, and leave no trace',
    ],
    run: examineInstallation,
  },
  {
    name: 'verify',
    takes: '[--tenant NAME] [--from TIME] [--to TIME] [--checkpoints FILE] [--public-key FILE] [--json]',
    help: [
      'recompute the call log from its rows and name what was tampered with;',
      'exit code 3 when something was (docs/tamper-evidence.md)',
    ],
    run: verifyCallLog,
  },
];

async function examineInstallation(args: readonly string[]): Promise<void> {
  const { values } = parse(args, { isolation: { type: 'boolean' }, json: { type: 'boolean' } });
  await withInstallation(async (config) => {
    if (values.isolation) {
      Logger.overrideLogger(['fatal']); // what the attack provokes is told by its report
      const { checkIsolation, reportText } = await import('../commands/isolation-check.js');
      const report = await checkIsolation(config);
      print(values.json ? `${JSON.stringify(report)}\n` : reportText(report));
      if (!report.ok) process.exitCode = 1;
      return;
    }
    const { examine } = await import('../../operations/doctor/doctor.js');
    const { toText } = await import('../../operations/doctor/check.js');
    const checks = await examine(config);
    print(values.json ? `${JSON.stringify(checks)}\n` : toText(checks));
    if (checks.some(({ status }) => status === 'problem')) process.exitCode = 1;
  });
}

/** Exit codes: 0 the log is what was written, 1 it could not be checked, 2 wrong arguments, 3 it was tampered with. */
async function verifyCallLog(args: readonly string[]): Promise<void> {
  const { values } = parse(args, {
    tenant: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    checkpoints: { type: 'string' },
    'public-key': { type: 'string' },
    json: { type: 'boolean' },
  });
  const { tenant, checkpoints, 'public-key': publicKey } = values;
  const period = { from: readBound('--from', values.from), to: readBound('--to', values.to) };
  const { verifyLog } = await import('../../call-logs/evidence/verify.js');
  const { countFindings, reportText } = await import('../../call-logs/evidence/report.js');
  await withInstallation(
    async (config) => {
      const result = await verifyLog(config, { ...period, tenant, checkpoints, publicKey });
      print(values.json ? `${JSON.stringify(result)}\n` : reportText(result));
      if (countFindings(result) > 0) process.exitCode = 3;
    },
    { logLevel: 'error' }, // stdout is the report
  );
}

/** A day alone is its beginning. */
function readBound(option: string, value: string | undefined): Date | null {
  if (value === undefined) return null;
  const at = readTime(value) ?? readTime(`${value}T00:00:00Z`);
  if (!at) throw new UsageError(`${option} needs a time as in 2026-01-31T08:00:00Z`);
  return at;
}
