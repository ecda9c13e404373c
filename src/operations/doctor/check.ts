/** What one look at the installation showed. */
export type Check = {
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'problem';
  readonly message: string;
  /** What to do; there unless all is well. */
  readonly fix?: string;
};

export function ok(name: string, message: string): Check {
  return { name, status: 'ok', message };
}

export function warning(name: string, message: string, fix: string): Check {
  return { name, status: 'warning', message, fix };
}

export function problem(name: string, message: string, fix: string): Check {
  return { name, status: 'problem', message, fix };
}

/** Every check in a line or two, for a terminal. */
export function toText(checks: readonly Check[]): string {
  const lines = checks.map(({ name, status, message, fix }) => {
    const line = `${status.padEnd(8)} ${name}: ${message}`;
    return fix === undefined ? line : `${line}\n         → ${fix}`;
  });
  const count = (status: Check['status']) => checks.filter((check) => check.status === status).length;
  return `${lines.join('\n')}\n${count('ok')} ok, ${count('warning')} warnings, ${count('problem')} problems\n`;
}
