import { Client, type ClientConfig, type QueryConfig, type QueryResult } from 'pg';
import { StartError } from '../errors.js';
import {
  BRING_SESSION,
  listChangedSettings,
  listWrongSettings,
  type OtherSetting,
  type SettingRow,
} from './session-settings.js';

/** insufficient_privilege, invalid_parameter_value, cant_change_runtime_param */
const REFUSALS = ['42501', '22023', '55P02'];

const CONNECT_MAX_MS = 5000;

type Connected = (error?: Error | null) => void;

/** A session cannot be brought to what the service relies on. */
export class SessionSettingsError extends StartError {
  constructor(
    settings: readonly OtherSetting[],
    options: { cause?: unknown; because?: string; user?: string | undefined } = {},
  ) {
    const named = settings.map(({ name, value }) => `${name} is ${value || "''"}`).join(', ');
    super(
      `The database cannot be relied on as it is set: ${options.because ?? named}. Only an administrator can change that: ` +
        'look for the setting in postgresql.conf, in pg_db_role_setting (ALTER ROLE … or ALTER DATABASE … RESET it)' +
        (options.user ? `, for the role ${options.user}` : ''),
      options,
    );
  }
}

/**
 * Connects to PostgreSQL with a session brought to what we rely on (`session-settings.ts`), whatever the server, the database or the
 * role have set. Every connection of ours is one of these: a test looks for others.
 *
 * By statements, not by options of the connection, which poolers refuse.
 *
 * @throws {SessionSettingsError} On connecting: something cannot be set.
 */
export class DatabaseClient extends Client {
  /** The session's process on the server; `processID` is what a pooler makes up. */
  backendPid: number | undefined;
  /** What the server, the database or the role have set otherwise. */
  changedSettings: readonly OtherSetting[] = [];
  private readonly limitMs: number | undefined;

  constructor(config?: string | ClientConfig) {
    super(config);
    this.limitMs = typeof config === 'object' ? config.connectionTimeoutMillis : undefined;
  }

  override connect(): Promise<this>;
  override connect(callback: Connected): void;
  override connect(callback?: Connected): Promise<this> | void {
    if (callback) return super.connect((error: Error | null) => this.bring(error, callback));
    return new Promise((resolve, reject) => {
      this.connect((error) => (error ? reject(error) : resolve(this)));
    });
  }

  private bring(error: Error | null, callback: Connected): void {
    if (error) return callback(error);
    // Nobody listens yet: a connection lost just now would end the process. The statement fails with it.
    this.on('error', ignore);
    const statement: QueryConfig & { query_timeout: number | undefined } = {
      ...BRING_SESSION,
      query_timeout: this.limitMs,
    };
    super.query(statement, (refused: Error | null, result?: QueryResult<SettingRow>) => {
      const failure = refused ? explain(refused, this.user) : this.settle(result?.rows ?? []);
      if (failure) this.end(ignore);
      else this.off('error', ignore);
      callback(failure);
    });
  }

  private settle(rows: readonly SettingRow[]): Error | null {
    const wrong = listWrongSettings(rows);
    if (wrong.length > 0) return new SessionSettingsError(wrong, { user: this.user });
    this.backendPid = rows[0]?.pid;
    this.changedSettings = listChangedSettings(rows);
    return null;
  }
}

function explain(cause: Error & { code?: string }, user: string | undefined): Error {
  return REFUSALS.includes(cause.code ?? '')
    ? new SessionSettingsError([], { cause, because: cause.message, user })
    : cause;
}

/** Gives up connecting before whoever waits for a place in a pool does. */
export class QuickClient extends DatabaseClient {
  constructor(config?: string | ClientConfig) {
    super({ ...(typeof config === 'object' ? config : {}), connectionTimeoutMillis: CONNECT_MAX_MS });
  }
}

function ignore(): void {}
