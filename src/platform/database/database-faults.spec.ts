import { DatabaseError } from 'pg';
import { QueryFailedError, QueryRunnerAlreadyReleasedError } from 'typeorm';
import { NoConnectionError } from '../errors.js';
import { connectFailure, databaseUnavailability, faultOf, isPassing } from './database-faults.js';

const serverError = (code: string) => Object.assign(new DatabaseError('said no', 0, 'error'), { code });
const networkError = (code: string) => Object.assign(new Error(code), { code });

describe('faultOf', () => {
  it.each([
    ['25006', 'read_only'],
    ['53300', 'full'],
    ['53100', 'full'],
    ['57P01', 'away'],
    ['57P03', 'away'],
    ['08006', 'away'],
    ['28P01', 'away'],
    ['3D000', 'away'],
    ['ECONNREFUSED', 'away'],
    ['EHOSTUNREACH', 'away'],
    ['58030', 'away'], // its disk
    ['EAI_FAIL', 'away'],
    ['CERT_HAS_EXPIRED', 'away'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'away'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'away'],
    ['57014', undefined], // cancelled: whoever did it knows why
    ['40001', undefined],
    ['23505', undefined],
    ['42P01', undefined],
  ])('takes %s for %s', (code, fault) => {
    expect(faultOf(serverError(code))).toBe(fault);
  });

  it('knows what the driver says without a code, and the error of several addresses', () => {
    expect(faultOf(new Error('Connection terminated unexpectedly'))).toBe('away');
    expect(faultOf(new AggregateError([networkError('ECONNREFUSED')]))).toBe('away');
    expect(faultOf(new Error('Connection established'))).toBeUndefined();
    expect(faultOf(null)).toBeUndefined();
  });
});

describe('isPassing', () => {
  it.each(['57P03', '53300', '08006', 'ECONNREFUSED', 'EHOSTUNREACH', 'EAI_AGAIN'])(
    'waits for %s',
    (code) => {
      expect(isPassing(serverError(code))).toBe(true);
    },
  );

  it.each(['28P01', '3D000', '25006', 'ENOTFOUND', 'CERT_HAS_EXPIRED', '42501'])(
    'does not for %s',
    (code) => {
      expect(isPassing(serverError(code))).toBe(false);
    },
  );

  it('waits where the line breaks without a word, as behind a proxy that has nobody yet', () => {
    expect(isPassing(new Error('Connection terminated unexpectedly'))).toBe(true);
    expect(isPassing(new Error('The server does not support SSL connections'))).toBe(false);
  });
});

describe('databaseUnavailability', () => {
  it("takes nothing of an upstream's for the database's", () => {
    expect(databaseUnavailability(networkError('ECONNREFUSED'))).toBeUndefined();
    expect(databaseUnavailability(new Error('Connection terminated unexpectedly'))).toBeUndefined();
  });

  it.each([
    ['a statement', new QueryFailedError('SELECT 1', [], networkError('ECONNRESET'))],
    [
      'a statement whose line broke',
      new QueryFailedError('SELECT 1', [], new Error('Connection terminated')),
    ],
    ['a server that starts', serverError('57P03')],
    ['a transaction whose connection broke', new QueryRunnerAlreadyReleasedError()],
    ['a connection that was not to be had', connectFailure(networkError('ECONNREFUSED'))],
    ['a pool that is taken up', new NoConnectionError()],
  ])('says when to come again after %s, and nothing of how it is built', (_what, error) => {
    const told = databaseUnavailability(error);
    expect(told).toMatchObject({ status: 503, code: 'unavailable', retryAfterSeconds: 1 });
    expect(told?.message).not.toMatch(/SELECT|ECONN|said no/);
  });

  it('leaves what the server said no to', () => {
    expect(
      databaseUnavailability(new QueryFailedError('SELECT 1', [], serverError('42P01'))),
    ).toBeUndefined();
  });
});
