import { randomUUID } from 'node:crypto';
import type { Battle } from './battle.js';
import { type Answer, send } from './http.js';
import { fillBody, isObject, namesARow, type Operation, type Schema } from './operations.js';
import type { Side } from './world.js';

const BODY_TRIES = 4;

export type Request = {
  readonly path: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Record<string, unknown>;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Makes requests of one operation that work on a side's own rows, from the document and from what is refused. */
export class RequestMaker {
  constructor(
    private readonly battle: Battle,
    private readonly operation: Operation,
    private readonly operations: readonly Operation[],
  ) {}

  /** Path parameters that name a side's own rows: taken from the list above the row, else from its rows by name. */
  async findOwn(side: Side): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const { name } of this.operation.pathParams) {
      const [above = ''] = this.operation.path.split(`{${name}}`);
      const collection = above.replace(/\/$/, '');
      const listed = await this.listed(side, fillPath(collection, found), name);
      const { own, theirs } = this.battle;
      const harvest = side === this.battle.attacker ? own : theirs;
      const segment = collection.split('/').at(-1) ?? '';
      const known = name === 'id' ? harvest.idsFor(segment) : harvest.idsFor(name);
      found[name] = listed ?? known[0] ?? randomUUID();
    }
    return found;
  }

  private async listed(side: Side, path: string, param: string): Promise<string | undefined> {
    const isRoute = this.operations.some(
      ({ method, path: known }) => method === 'GET' && matches(known, path),
    );
    if (!isRoute) return undefined;
    const answer = await this.send(side, 'GET', path, {});
    const data = isObject(answer.json) ? answer.json['data'] : undefined;
    const items = Array.isArray(data) ? (data as unknown[]).filter(isObject) : [];
    const [first] = items.filter(({ id }) => id !== side.userId); // who asks must not remove themselves
    const value = first?.[param] ?? first?.['id'] ?? first?.['name'];
    return typeof value === 'string' ? value : undefined;
  }

  /** A body that the route takes: the document's example, else made from its schema and corrected by what is refused. */
  async findBody(path: Request['path']): Promise<Request['body']> {
    const { body: schema, bodyExamples, method } = this.operation;
    if (!schema || method === 'GET') return undefined;
    const asExample = new Set<string>();
    const made = () => this.fill(schema, asExample);
    const file = await this.findFile(this.battle.attacker);
    if (file) return file;
    let best = made();
    // Tried on a row that is nobody's where there is one, so that trying changes nothing.
    const nowhere = Object.fromEntries(Object.keys(path).map((name) => [name, randomUUID()]));
    for (let attempt = 0; attempt < BODY_TRIES; attempt += 1) {
      const answer = await this.ask(this.battle.attacker, { path: nowhere, body: best });
      if (answer.status !== 400) return { ...best, ...this.fresh(schema, '') };
      for (const field of wrongFields(answer)) asExample.add(field);
      best = made();
    }
    for (const example of bodyExamples as Record<string, unknown>[]) {
      const answer = await this.ask(this.battle.attacker, { path: nowhere, body: example });
      if (answer.status !== 400) return { ...example, ...this.fresh(schema, '') };
    }
    return best;
  }

  /** Where a body is refused on an own row, too: it may have to name one of several things, none of them required. */
  async nameARow(path: Request['path'], body: Request['body']): Promise<Request['body']> {
    if (!body || (await this.ask(this.battle.attacker, { path, body })).status !== 400) return body;
    const naming = Object.entries(this.operation.body?.properties ?? {})
      .filter(([name, property]) => namesARow(name, property))
      .map(([name]) => name);
    const rest = Object.fromEntries(Object.entries(body).filter(([name]) => !naming.includes(name)));
    for (const name of naming) {
      const named = { ...rest, [name]: this.battle.own.idsFor(name)[0] };
      if ((await this.ask(this.battle.attacker, { path, body: named })).status !== 400) return named;
    }
    return body;
  }

  /** A route that takes a whole file takes what the export beside it gives. */
  async findFile(side: Side): Promise<Request['body']> {
    const { body, path } = this.operation;
    const beside = `${path.slice(0, path.lastIndexOf('/'))}/export`;
    const hasExport = this.operations.some(({ method, path: known }) => method === 'GET' && known === beside);
    if (!hasExport || Object.keys(body?.properties ?? {}).length > 0) return undefined;
    const { json } = await this.send(side, 'GET', beside, { headers: { accept: 'application/json' } });
    return isObject(json) ? json : undefined;
  }

  fill(schema: Schema, asExample: ReadonlySet<string>): Record<string, unknown> {
    const id = (name: string) => this.battle.own.idsFor(name)[0];
    return fillBody(schema, { text: () => this.newText(), id }, asExample);
  }

  /** Names must be new, or the second request of a pair would meet the row of the first. */
  fresh(schema: Schema, except: string): Record<string, unknown> {
    const changes = ['name', 'username', 'email'].filter(
      (name) => name !== except && schema.properties?.[name] && schema.required?.includes(name),
    );
    return Object.fromEntries(
      changes.map((name) => [name, `${this.newText()}${name === 'email' ? '@example.test' : ''}`]),
    );
  }

  private newText(): string {
    return `own-${randomUUID().slice(0, 8)}`;
  }

  ask(side: Side, request: Request): Promise<Answer> {
    return this.send(side, this.operation.method, fillPath(this.operation.path, request.path), request);
  }

  send(side: Side, method: string, path: string, request: Omit<Request, 'path'>): Promise<Answer> {
    const query = new URLSearchParams(request.query).toString();
    return send({
      method,
      url: `${this.battle.target.url}${path}${query && `?${query}`}`,
      headers: { authorization: `Bearer ${side.token}`, ...request.headers },
      body: method === 'GET' || method === 'DELETE' ? undefined : request.body,
    });
  }
}

function fillPath(path: string, values: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) =>
    encodeURIComponent(values[name] ?? randomUUID()),
  );
}

function matches(template: string, path: string): boolean {
  const parts = path.split('/');
  const expected = template.split('/');
  return (
    parts.length === expected.length &&
    expected.every((part, index) => (part.startsWith('{') ? parts[index] !== '' : part === parts[index]))
  );
}

function wrongFields(answer: Answer): string[] {
  const error = isObject(answer.json) && isObject(answer.json['error']) ? answer.json['error'] : {};
  const details = Array.isArray(error['details']) ? (error['details'] as unknown[]) : [];
  return details.flatMap((detail) => (isObject(detail) ? [String(detail['field']).split('.')[0] ?? ''] : []));
}
