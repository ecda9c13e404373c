import { type Connection, escapeLiteral, Query, type Submittable } from 'pg';
import { QuickClient } from './database-client.js';

/** Whose rows are seen: a tenant's, and of these perhaps one person's only. Empty: nobody's, and everybody's. */
export type RowsOwner = { readonly tenantId: string; readonly personId: string };

export const NOBODY: RowsOwner = { tenantId: '', personId: '' };

/** What the driver's query has besides what its types say; `pg-cursor` and its like rely on the same. */
type DriverQuery = {
  readonly text: string | undefined;
  submit(connection: Connection): Error | null;
  requiresPreparation(): boolean;
  prepare(connection: Connection): void;
  handleRowDescription(message: unknown): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: Connection): void;
};
type Callback = (error: Error | null, result?: unknown) => void;
const DriverQuery = Query as unknown as new (config: unknown, values: unknown, done: Callback) => DriverQuery;

const SET_OWNER = `SELECT set_config('toolcrib.tenant_id', $1, true), set_config('toolcrib.person_id', $2, true)`;
const BEGINNING = /^(?:BEGIN|START TRANSACTION)\b/i;

/**
 * Runs every statement as somebody's: whose rows are seen is said in the very transaction of the statement, also where that is the
 * statement alone, and ends with it. A session never shows anybody's rows by itself, so that whatever stands between us and the
 * database and gives sessions to others, nobody sees rows of another tenant.
 *
 * It costs no round trip: what says it goes with the statement.
 */
export class TenantClient extends QuickClient {
  /** Set it before the connection is handed on. */
  owner: RowsOwner = NOBODY;

  /** As the driver's, in all its forms. */
  override query(...[config, values, callback]: unknown[]): never {
    const plain = super.query.bind(this) as (...args: unknown[]) => never;
    const isOwn = typeof (config as Submittable | null)?.submit === 'function';
    // Before somebody owns it, or as the driver's extensions have it: those see nobody's rows unless in a transaction.
    if (isOwn || (this.owner.tenantId === '' && this.owner.personId === ''))
      return plain(config, values, callback);
    const given = typeof values === 'function' ? [undefined, values] : [values, callback];
    const owned = (done: Callback) => plain(new OwnedQuery(this, [config, given[0], done]));
    if (given[1]) return owned(given[1] as Callback);
    return new Promise((resolve, reject) => {
      owned((error, result) => (error ? reject(error) : resolve(result)));
    }) as never;
  }
}

/** Which answers of the server are not the statement's. */
type Hidden = 'none' | 'first' | 'rest';

class OwnedQuery extends DriverQuery {
  private hidden: Hidden = 'none';
  private isFirstOver = false;

  constructor(
    private readonly client: TenantClient,
    [config, values, done]: readonly [unknown, unknown, Callback],
  ) {
    super(config, values, done);
  }

  override submit(connection: Connection): Error | null {
    const { isOutside } = this;
    if (!isOutside || !this.text || this.requiresPreparation()) {
      if (isOutside) this.hidden = 'first';
      return super.submit(connection);
    }
    const { tenantId, personId } = this.client.owner;
    if (BEGINNING.test(this.text) && isSingle(this.text)) {
      // By SET, after which a transaction may still be given its isolation level.
      this.hidden = 'rest';
      connection.query(`${this.text.replace(';', '')}; SET LOCAL toolcrib.tenant_id TO ${escapeLiteral(tenantId)};
        SET LOCAL toolcrib.person_id TO ${escapeLiteral(personId)}`);
      return null;
    }
    this.hidden = 'first';
    connection.query(`SELECT set_config('toolcrib.tenant_id', ${escapeLiteral(tenantId)}, true),
      set_config('toolcrib.person_id', ${escapeLiteral(personId)}, true); ${this.text}`);
    return null;
  }

  /** A single statement goes by itself, so that the server shows it as it is; several at once have to go in one text. */
  override requiresPreparation(): boolean {
    if (super.requiresPreparation()) return true;
    return this.isOutside && !!this.text && isSingle(this.text) && !BEGINNING.test(this.text);
  }

  /** Within a transaction it has been said. */
  private get isOutside(): boolean {
    return this.client.getTransactionStatus() === 'I';
  }

  /** What goes before the one message that ends it (Sync) is one transaction. */
  override prepare(connection: Connection): void {
    if (this.hidden === 'first') {
      const { tenantId, personId } = this.client.owner;
      connection.parse({ name: '', text: SET_OWNER, types: [] }, true);
      connection.bind({ portal: '', statement: '', values: [tenantId, personId] }, true);
      connection.execute({ portal: '' }, true);
    }
    super.prepare(connection);
  }

  override handleRowDescription(message: unknown): void {
    if (!this.isHidden) super.handleRowDescription(message);
  }

  override handleDataRow(message: unknown): void {
    if (!this.isHidden) super.handleDataRow(message);
  }

  override handleCommandComplete(message: unknown, connection: Connection): void {
    const { isHidden } = this;
    this.isFirstOver = true;
    if (!isHidden) super.handleCommandComplete(message, connection);
  }

  private get isHidden(): boolean {
    return this.hidden === (this.isFirstOver ? 'rest' : 'first');
  }
}

/** As far as can be seen: one with a semicolon in a text counts as several, which works as well. */
function isSingle(text: string): boolean {
  return !text.trimEnd().slice(0, -1).includes(';');
}
