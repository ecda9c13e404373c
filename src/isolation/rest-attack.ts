import { randomUUID } from 'node:crypto';
import type { Battle, Probe } from './battle.js';
import { isExcepted, NOT_ATTACKED } from './exceptions.js';
import { type Answer, send } from './http.js';
import { fillBody, isObject, namesARow, type Operation, type Schema } from './operations.js';
import type { Side } from './world.js';

/** Answers that show that a request got as far as the rows. */
const REACHED = (status: number) => (status >= 200 && status < 300) || [304, 409, 412, 422].includes(status);
const BODY_TRIES = 4;

/** How one operation fared. */
export type OperationResult = {
  readonly name: string;
  /** `attacked`: with the proof that the same request on own rows works. */
  readonly outcome: 'attacked' | 'nothing_to_name' | 'not_attacked';
  readonly note: string;
};

type Request = {
  readonly path: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Record<string, unknown>;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Attacks one REST operation in every way that its description suggests. */
export class RestAttack {
  constructor(
    private readonly battle: Battle,
    private readonly operation: Operation,
    private readonly operations: readonly Operation[],
  ) {}

  async run(): Promise<OperationResult> {
    const { battle, operation } = this;
    await battle.ensureSignedIn();
    if (isExcepted(NOT_ATTACKED, operation.name)) return this.askOnly();
    const own = await this.findOwn(battle.attacker);
    const theirs = await this.findOwn(battle.victim);
    if (operation.method === 'GET') await this.attackCaches(own, theirs);
    const cursors = await this.cursorsOfVictim(theirs);
    const body = await this.nameARow(own, await this.findBody(own));
    if (operation.method === 'POST' && operation.pathParams.length === 0) await this.replayKey(body);
    let control = 0;
    await battle.watched(operation.name, async () => {
      for (const { name } of operation.pathParams) await this.attackPath(name, { path: own, body }, theirs);
      for (const { name, schema } of operation.queryParams) {
        await this.attackQuery(name, schema, { path: own, body }, cursors);
      }
      if (operation.body) await this.attackBody(operation.body, { path: own, body });
      await this.attackFile(own);
      const last = await this.ask(battle.attacker, { path: own, body });
      battle.inspect(operation.name, 'own request', last);
      control = last.status;
    });
    return this.judge(control, body);
  }

  private async askOnly(): Promise<OperationResult> {
    const { battle, operation } = this;
    const body = operation.body && this.fill(operation.body, new Set());
    const answer = await this.ask(battle.attacker, { path: {}, body });
    battle.inspect(operation.name, 'own request', answer);
    return { name: operation.name, outcome: 'not_attacked', note: `own request: ${answer.status}` };
  }

  private judge(status: number, body: Request['body']): OperationResult {
    const { name, pathParams, queryParams, permission } = this.operation;
    if (REACHED(status)) return { name, outcome: 'attacked', note: `own request: ${status}` };
    if (status === 403 && permission === 'tenants.manage') {
      return { name, outcome: 'attacked', note: 'refused to all but the tenant that runs the installation' };
    }
    const takesText = Object.keys(this.operation.body?.properties ?? {}).length > 0 || body !== undefined;
    const namesNothing = pathParams.length === 0 && queryParams.length === 0 && !takesText;
    const note = `own request: ${status}`;
    return { name, outcome: namesNothing ? 'nothing_to_name' : 'not_attacked', note };
  }

  private async attackPath(param: string, request: Request, theirs: Request['path']): Promise<void> {
    const { battle } = this;
    const likely = theirs[param] === undefined ? [] : [theirs[param]];
    for (const probe of battle.foreignIds([...likely, ...battle.theirs.idsFor(param)])) {
      await this.probe(`path ${param}`, probe, (value) => ({
        ...request,
        path: { ...request.path, [param]: value },
      }));
    }
  }

  private async attackQuery(
    name: string,
    schema: Schema,
    request: Request,
    cursors: readonly string[],
  ): Promise<void> {
    const { battle } = this;
    const asking = (value: string) => ({ ...request, query: { [name]: value } });
    if (namesARow(name, schema)) {
      for (const probe of battle.foreignIds(battle.theirs.idsFor(name)))
        await this.probe(`query ${name}`, probe, asking);
    } else if (name === 'cursor') {
      for (const cursor of cursors) {
        battle.inspect(
          this.operation.name,
          "query cursor of the other tenant's page",
          await this.ask(battle.attacker, asking(cursor)),
        );
      }
    } else if (schema.type === 'string' && schema.enum === undefined && schema.format === undefined) {
      for (const probe of battle.foreignTexts(name)) await this.probe(`query ${name}`, probe, asking);
    }
  }

  private async attackBody(schema: Schema, request: Request): Promise<void> {
    const { battle } = this;
    const setting = (changes: Record<string, unknown>) => ({
      ...request,
      body: { ...request.body, ...changes },
    });
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const isList = property.type === 'array';
      const asked = (value: string) =>
        setting({ [name]: isList ? [value] : value, ...this.fresh(schema, name) });
      if (namesARow(name, property)) {
        for (const probe of battle.foreignIds(battle.theirs.idsFor(name)))
          await this.probe(`body ${name}`, probe, asked);
      } else if (
        (property.type ?? 'string') === 'string' &&
        !property.enum &&
        property.format !== 'date-time'
      ) {
        const known = battle
          .foreignTexts(name)
          .filter(({ value }) => value !== battle.victim.email || name === 'email');
        for (const probe of known) await this.probe(`body ${name}`, probe, asked);
      }
    }
    const smuggled = {
      tenant_id: battle.victim.tenantId,
      id: battle.theirs.idsFor('group_id')[0] ?? randomUUID(),
    };
    const answer = await this.ask(battle.attacker, setting({ ...smuggled, ...this.fresh(schema, '') }));
    battle.inspect(this.operation.name, 'body tenant_id and id that were not asked for', answer);
  }

  /** Names must be new, or the second request of a pair would meet the row of the first. */
  private fresh(schema: Schema, except: string): Record<string, unknown> {
    const changes = ['name', 'username', 'email'].filter(
      (name) => name !== except && schema.properties?.[name] && schema.required?.includes(name),
    );
    return Object.fromEntries(
      changes.map((name) => [name, `${this.newText()}${name === 'email' ? '@example.test' : ''}`]),
    );
  }

  private async probe(what: string, probe: Probe, asking: (value: string) => Request): Promise<void> {
    const { battle, operation } = this;
    battle.noteSent(probe);
    const theirs = await this.ask(battle.attacker, asking(probe.value));
    if (theirs.status === 409 && (await battle.attackerHas(what.replace('body ', ''), probe.value))) return;
    const nobodys = await this.ask(battle.attacker, asking(probe.nobodys));
    battle.compare(operation.name, probe, `${what} = ${probe.label}`, { theirs, nobodys });
  }

  /** The victim asks first, then the attacker, and the other way round; then with the victim's ETag. */
  private async attackCaches(own: Request['path'], theirs: Request['path']): Promise<void> {
    const { battle, operation } = this;
    const victims = await this.ask(battle.victim, { path: theirs });
    const mine = await this.ask(battle.attacker, { path: own });
    battle.inspect(operation.name, 'asked right after the other tenant', mine);
    await this.ask(battle.victim, { path: theirs });
    battle.inspect(operation.name, 'asked again', await this.ask(battle.attacker, { path: own }));
    const etag = victims.headers.get('etag');
    if (etag === null || victims.text === mine.text) return;
    const cached = await this.ask(battle.attacker, { path: own, headers: { 'if-none-match': etag } });
    battle.inspect(operation.name, "the other tenant's ETag", cached);
    if (cached.status === 304 && etag !== mine.headers.get('etag')) {
      battle.report(
        operation.name,
        "the other tenant's ETag",
        "304 for the state of the other tenant's answer",
      );
    }
  }

  /** A kept answer belongs to who asked: the same Idempotency-Key of somebody else is another one. */
  private async replayKey(body: Request['body']): Promise<void> {
    const { battle, operation } = this;
    const headers = { 'idempotency-key': `isolation-${randomUUID()}` };
    await this.ask(battle.victim, {
      path: {},
      body: { ...body, ...this.fresh(operation.body ?? {}, '') },
      headers,
    });
    const answer = await this.ask(battle.attacker, { path: {}, body, headers });
    battle.inspect(operation.name, "the other tenant's Idempotency-Key", answer);
  }

  private async cursorsOfVictim(path: Request['path']): Promise<string[]> {
    const pages = this.operation.queryParams.some(({ name }) => name === 'cursor');
    if (!pages) return [];
    const answer = await this.ask(this.battle.victim, { path, query: { limit: '1' } });
    const page = isObject(answer.json) && isObject(answer.json['page']) ? answer.json['page'] : {};
    return typeof page['next_cursor'] === 'string' ? [page['next_cursor']] : [];
  }

  /** Path parameters that name a side's own rows: taken from the list above the row, else from its rows by name. */
  private async findOwn(side: Side): Promise<Record<string, string>> {
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
  private async findBody(path: Request['path']): Promise<Request['body']> {
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
  private async nameARow(path: Request['path'], body: Request['body']): Promise<Request['body']> {
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
  private async findFile(side: Side): Promise<Request['body']> {
    const { body, path } = this.operation;
    const beside = `${path.slice(0, path.lastIndexOf('/'))}/export`;
    const hasExport = this.operations.some(({ method, path: known }) => method === 'GET' && known === beside);
    if (!hasExport || Object.keys(body?.properties ?? {}).length > 0) return undefined;
    const { json } = await this.send(side, 'GET', beside, { headers: { accept: 'application/json' } });
    return isObject(json) ? json : undefined;
  }

  /** The victim's file with its names and codes, but for the contents that are looked for in answers. */
  private async attackFile(path: Request['path']): Promise<void> {
    const { battle, operation } = this;
    const file = operation.body && (await this.findFile(battle.victim));
    if (!file) return;
    const text = JSON.stringify(file).replaceAll(battle.victim.secret, 'x');
    battle.noteSent({ label: 'file', value: text, nobodys: text });
    const body = JSON.parse(text) as Record<string, unknown>;
    battle.inspect(
      operation.name,
      "body = the other tenant's file",
      await this.ask(battle.attacker, { path, body }),
    );
  }

  private fill(schema: Schema, asExample: ReadonlySet<string>): Record<string, unknown> {
    const id = (name: string) => this.battle.own.idsFor(name)[0];
    return fillBody(schema, { text: () => this.newText(), id }, asExample);
  }

  private newText(): string {
    return `own-${randomUUID().slice(0, 8)}`;
  }

  private ask(side: Side, request: Request): Promise<Answer> {
    return this.send(side, this.operation.method, fillPath(this.operation.path, request.path), request);
  }

  private send(side: Side, method: string, path: string, request: Omit<Request, 'path'>): Promise<Answer> {
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
  const pattern = template.split('/').map((part) => (part.startsWith('{') ? '[^/]+' : part));
  return new RegExp(`^${pattern.join('/')}$`).test(path);
}

function wrongFields(answer: Answer): string[] {
  const error = isObject(answer.json) && isObject(answer.json['error']) ? answer.json['error'] : {};
  const details = Array.isArray(error['details']) ? (error['details'] as unknown[]) : [];
  return details.flatMap((detail) => (isObject(detail) ? [String(detail['field']).split('.')[0] ?? ''] : []));
}
