import { Client } from 'pg';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, environmentSchema, loadConfig } from './config.js';

const MASTER_KEY = Buffer.alloc(32, 1).toString('base64');

function problemsOf(environment: Record<string, string>): string {
  try {
    loadConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

describe('loadConfig', () => {
  it('needs nothing to be set', () => {
    expect(loadConfig({})).toMatchObject({
      port: 8000,
      host: '127.0.0.1',
      publicUrl: 'http://127.0.0.1:8000',
      bringsDatabase: false,
      sampleData: true,
    });
  });

  it('takes an empty variable for one that is not set', () => {
    expect(loadConfig({ PORT: '', DATABASE_URL: '' })).toMatchObject({ port: 8000, bringsDatabase: false });
  });

  it('names every wrong variable in one message, and no right one', () => {
    const problems = problemsOf({
      PORT: 'eighty',
      DATABASE_URL: 'mysql://db',
      SAMPLE_DATA: 'maybe',
      HOST: '::1',
    });
    for (const name of ['PORT', 'DATABASE_URL', 'SAMPLE_DATA']) expect(problems).toContain(`- ${name}: `);
    expect(problems).not.toContain('HOST');
  });

  it('never repeats the value of a secret', () => {
    expect(problemsOf({ TOOLCRIB_MASTER_KEY: 'too-short', ADMIN_PASSWORD: 'hunter2' })).not.toMatch(
      /too-short|hunter2/,
    );
  });

  it.each([
    ['the end of a line', 'hunter22222\r', 'ADMIN_PASSWORD: has a control character'],
    ['quotes', '"hunter22222"', 'ADMIN_PASSWORD: stands in quotes'],
    ['quotes of a word processor', '\u201chunter22222\u201d', 'ADMIN_PASSWORD: stands in quotes'],
    ['a space at an end', 'hunter22222\u00a0', 'ADMIN_PASSWORD: begins or ends with a space'],
  ])('refuses %s that belongs to the value only by mistake', (_what, ADMIN_PASSWORD, message) => {
    expect(() => loadConfig({ ADMIN_PASSWORD })).toThrow(message);
    expect(() => loadConfig({ ADMIN_PASSWORD })).not.toThrow(/hunter2/);
  });

  it('wants a master key with DATABASE_URL and says how to make one', () => {
    const problems = problemsOf({ DATABASE_URL: 'postgres://me@db/toolcrib' });
    expect(problems).toContain('TOOLCRIB_MASTER_KEY');
    expect(problems).toContain('openssl rand -base64 32');
  });

  it('tells of a missing master key together with what else is wrong', () => {
    const message = problemsOf({ PORT: 'abc', DATABASE_URL: 'postgres://u@h/d' });
    expect(message).toMatch(/PORT: [^]*TOOLCRIB_MASTER_KEY: must be set/);
  });

  it.each(['https://x.example/?a=b', 'https://x.example/#a', 'https://u:hunter2@x.example/'])(
    'refuses a PUBLIC_URL that paths cannot be put behind or that gives something away: %s',
    (PUBLIC_URL) => {
      const message = problemsOf({ PUBLIC_URL });
      expect(message).toContain('PUBLIC_URL: must have no user, query or fragment');
      expect(message).not.toContain('hunter2');
    },
  );

  it('takes the address of the first administrator however it is typed', () => {
    expect(loadConfig({ ADMIN_EMAIL: 'Ａdmin＠München.example' }).env.ADMIN_EMAIL).toBe(
      'admin@xn--mnchen-3ya.example',
    );
    expect(() => loadConfig({ ADMIN_EMAIL: 'nobody' })).toThrow('ADMIN_EMAIL');
  });

  it('refuses a HOST that is an address of a page', () => {
    expect(problemsOf({ HOST: 'http://x' })).toContain('HOST: must be a host name');
  });

  it('makes no sample data in a database of the operator unless told to', () => {
    const environment = { DATABASE_URL: 'postgres://me@db/toolcrib', TOOLCRIB_MASTER_KEY: MASTER_KEY };
    expect(loadConfig(environment).sampleData).toBe(false);
    expect(loadConfig({ ...environment, SAMPLE_DATA: 'true' }).sampleData).toBe(true);
  });

  it('checks the Host header when it listens on this machine only', () => {
    expect(loadConfig({}).allowedHosts).toContain('127.0.0.1');
    expect(loadConfig({ HOST: '0.0.0.0' }).allowedHosts).toBeUndefined();
    expect(loadConfig({ ALLOWED_HOSTS: 'a.example, b.example' }).allowedHosts).toEqual([
      'a.example',
      'b.example',
    ]);
  });

  it('lets only a whole service have the embedded database', () => {
    expect(problemsOf({ ROLE: 'worker' })).toContain('set DATABASE_URL to run workers apart');
    expect(problemsOf({ ROLE: 'server' })).toContain('ROLE');
    expect(loadConfig({ ROLE: 'all' }).env.ROLE).toBe('all');
  });
});

describe('Config.databaseUrls', () => {
  const masterKey = Buffer.alloc(32).toString('base64');
  const of = (more: object) =>
    loadConfig({ DATABASE_URL: 'postgres://me:pw@db/x', TOOLCRIB_MASTER_KEY: masterKey, ...more })
      .databaseUrls;

  it('are the owner and the roles that serve, with the same password', () => {
    expect(of({})).toEqual({
      owner: 'postgres://me:pw@db/x',
      app: 'postgres://toolcrib_app:pw@db/x',
      system: 'postgres://toolcrib_system:pw@db/x',
      log: 'postgres://toolcrib_log:pw@db/x',
    });
  });

  it.each([
    ['postgres://me@h/x?user=me', 'the parameter user stands in front of the host'],
    ['postgres://me@h/x?password=hunter2', 'the parameter password stands in front'],
    ['postgres://me@h/x?schema=hunter2', 'the parameter schema is not read: the tables are'],
    ['postgres://me@h/x?query_timeout=1', 'the parameter query_timeout is not read'],
    ['postgres:///x?host=/tmp', 'must name user and host'],
    ['postgres://h/x', 'must name user and host'],
    ['postgres://me:hunter2@h', 'must name the database'],
    ['postgres://me:hunter2@h/', 'must name the database'],
    ['postgres://me:hunter#2@h/x', 'is no address (postgres://'],
    ['postgres://me:hunter2@h/x#2', 'has a # in it'],
    ['postgres://me:hunter2%zz@h/x', 'has a % in it'],
    ['postgres://me:hunter2%00@h/x', 'has a % in it'],
    ['postgres:me:hunter2@h/x', 'must begin with postgres://'],
    ['postgres://me:hunter2@h1:5432,h2:5432/x', 'is no address'],
  ])('are no others than the address shows: %s', (url, message) => {
    expect(() => of({ DATABASE_URL: url })).toThrow(message);
    expect(() => of({ DATABASE_URL: url })).not.toThrow(/hunter2/);
    expect(() => of({ DATABASE_APP_URL: url })).toThrow(`DATABASE_APP_URL: ${message}`);
  });

  it.each([
    'postgres://me@%2Fvar%2Frun%2Fpostgresql/x',
    'postgresql://me:p%40s%23@[::1]:5432/x?sslmode=require&application_name=a&channel_binding=require',
    'postgres://me:p@ss@h./x?host=/tmp&connect_timeout=5',
  ])('take every role to the same place: %s', (url) => {
    const [owner, app] = [of({ DATABASE_URL: url }).owner, of({ DATABASE_URL: url }).app].map(
      (connectionString) => new Client({ connectionString }),
    );
    expect([owner.user, app.user]).toEqual(['me', 'toolcrib_app']);
    for (const part of ['host', 'port', 'database', 'password'] as const) expect(app[part]).toBe(owner[part]);
  });

  it('may each be set', () => {
    expect(of({ DATABASE_LOG_URL: 'postgres://log:other@db/x' }).log).toBe('postgres://log:other@db/x');
  });

  it('are not known before the embedded server is', () => {
    expect(() => loadConfig({}).databaseUrls).toThrow('must open one first');
  });
});

describe('Config.with', () => {
  it('keeps what was known and adds what the start found out', () => {
    const masterKeys = [Buffer.alloc(32, 2)];
    const databaseUrls = {
      owner: 'postgres://db/1',
      app: 'postgres://db/2',
      system: 'postgres://db/3',
      log: 'postgres://db/4',
    };
    const config = loadConfig({ PORT: '9000' }).with({ databaseUrls, masterKeys });
    expect(config).toMatchObject({
      port: 9000,
      databaseUrls,
      masterKeys,
      sampleData: true,
    });
  });
});

describe('.env.example', () => {
  const lines = readFileSync(join(import.meta.dirname, '../../.env.example'), 'utf8').split('\n');
  const settings = lines.flatMap((line, index) => {
    const [, off, name, value] = /^(#?)([A-Z_]+)=(.*)$/.exec(line) ?? [];
    return name ? [{ name, value, set: off === '', comment: lines[index - 1] }] : [];
  });

  it('lists every variable once, in the order of the schema', () => {
    expect(settings.map(({ name }) => name)).toEqual(Object.keys(environmentSchema.shape));
  });

  it('sets those with a default, to that default', () => {
    const set = Object.fromEntries(
      settings.flatMap(({ name, value, set: isSet }) => (isSet ? [[name, value]] : [])),
    );
    expect(environmentSchema.parse(set)).toEqual(environmentSchema.parse({}));
    const withDefault = Object.entries(environmentSchema.parse({})).flatMap(([name, value]) =>
      value === undefined ? [] : name,
    );
    expect(Object.keys(set)).toEqual(withDefault);
  });

  it('explains each', () => {
    for (const { name, comment } of settings) expect(`${name}: ${comment}`).toMatch(/: # .{10,}/);
  });
});
