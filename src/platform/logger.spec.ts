import { AppLogger } from './logger.js';
import { runInScope } from './request-scope.js';

function linesOf(log: (logger: AppLogger) => void, level: 'log' | 'warn' = 'log'): string[] {
  const written: string[] = [];
  const spies = [process.stdout, process.stderr].map((stream) =>
    jest.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0),
  );
  try {
    log(new AppLogger(level, false));
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return written;
}

const SECRET = 'Zm9vYmFyYmF6'.repeat(4);

describe('AppLogger', () => {
  it('writes one JSON line per event', () => {
    const [line = '', ...more] = linesOf((logger) => logger.log('Serving\non two lines', 'Main'));
    expect(more).toEqual([]);
    expect(line.trimEnd()).not.toContain('\n');
    expect(JSON.parse(line)).toMatchObject({
      level: 'log',
      context: 'Main',
      message: 'Serving\non two lines',
    });
  });

  it('makes fields of an object', () => {
    const [line = ''] = linesOf((logger) =>
      logger.warn({ message: 'A key was replaced', groupId: 'g1' }, 'Keys'),
    );
    expect(JSON.parse(line)).toMatchObject({ level: 'warn', message: 'A key was replaced', groupId: 'g1' });
  });

  it('shows why something failed', () => {
    const [line = ''] = linesOf((logger) =>
      logger.warn({ message: 'A job failed', cause: 'Error: no answer\n    at ask (a.ts:1)' }, 'JobRun'),
    );
    expect(JSON.parse(line)).toMatchObject({ cause: 'Error: no answer\n    at ask (a.ts:1)' });
  });

  it('names the request that a line belongs to', () => {
    const scope = { requestId: 'r-1', tenantId: null, ip: null, userAgent: null };
    const [line = ''] = linesOf((logger) => runInScope(scope, () => logger.log('in a request')));
    expect(JSON.parse(line)).toMatchObject({ message: 'in a request', request_id: 'r-1' });
  });

  it('keeps quiet below its level', () => {
    expect(linesOf((logger) => logger.log('too quiet'), 'warn')).toEqual([]);
  });

  it.each([
    ['a group key', `refused mcp_key_${SECRET} for good`],
    ['a personal token', `refused tcp_${SECRET} for good`],
    ['a webhook secret', `signed with whsec_${SECRET}+/=`],
    [
      'a secret at the beginning of a line',
      `Headers:\nmcp_key_${SECRET}\ttcp_${SECRET}\u0001whsec_${SECRET}`,
    ],
    ['a bearer token', 'sent Bearer Zm9vYmFyYmF6 to us'],
    ['a JSON Web Token', 'got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJaZm9v.Zm9vYmFyYmF6'],
    ['a password in a URL', 'cannot reach postgres://toolcrib:Zm9vYmFyYmF6@db:5432/toolcrib'],
    ['a password in a URL without a name', 'cannot reach redis://:Zm9vYmFyYmF6@db:6379'],
  ])('never shows %s', (_what, text) => {
    const [line = ''] = linesOf((logger) => logger.error(text));
    expect(line).not.toContain('Zm9vYmFyYmF6');
    expect(line).toContain('[REDACTED]');
  });

  it('never shows a field that is named like a secret', () => {
    const [line = ''] = linesOf((logger) => logger.log({ message: 'signed in', password: 'Zm9vYmFyYmF6' }));
    expect(line).not.toContain('Zm9vYmFyYmF6');
  });
});
