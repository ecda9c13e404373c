import { randomUUID } from 'node:crypto';
import type { Battle, Probe } from './battle.js';
import { isExcepted, NOT_ATTACKED } from './exceptions.js';
import type { Answer } from './http.js';
import { isObject, namesARow, type Operation, type Schema } from './operations.js';
import { type Request, RequestMaker } from './request-maker.js';

/** Answers that show that a request got as far as the rows. */
const REACHED = (status: number) => (status >= 200 && status < 300) || [304, 409, 412, 422].includes(status);

/** How one operation fared. */
export type OperationResult = {
  readonly name: string;
  /** `attacked`: with the proof that the same request on own rows works. */
  readonly outcome: 'attacked' | 'nothing_to_name' | 'not_attacked';
  readonly note: string;
};

/** Attacks one REST operation in every way that its description suggests. */
export class RestAttack {
  private readonly maker: RequestMaker;
  /** The last answer for what is nobody's, by where the value stood. */
  private readonly nobodys = new Map<string, { readonly value: string; readonly answer: Answer }>();

  constructor(
    private readonly battle: Battle,
    private readonly operation: Operation,
    operations: readonly Operation[],
  ) {
    this.maker = new RequestMaker(battle, operation, operations);
  }

  async run(): Promise<OperationResult> {
    const { battle, operation } = this;
    await battle.ensureSignedIn();
    if (isExcepted(NOT_ATTACKED, operation.name)) return this.askOnly();
    const own = await this.maker.findOwn(battle.attacker);
    const theirs = await this.maker.findOwn(battle.victim);
    if (operation.method === 'GET') await this.attackCaches(own, theirs);
    const cursors = await this.cursorsOfVictim(theirs);
    const body = await this.maker.nameARow(own, await this.maker.findBody(own));
    if (operation.method === 'POST' && operation.pathParams.length === 0 && !operation.showsSecret)
      await this.replayKey(body);
    let control = 0;
    await battle.watched(operation.name, async () => {
      for (const { name } of operation.pathParams) await this.attackPath(name, { path: own, body }, theirs);
      for (const { name, schema } of operation.queryParams) {
        await this.attackQuery(name, schema, { path: own, body }, cursors);
      }
      if (operation.body) await this.attackBody(operation.body, { path: own, body });
      await this.attackFile(own);
      const last = await this.maker.ask(battle.attacker, { path: own, body });
      await battle.inspect(operation.name, 'own request', last);
      control = last.status;
    });
    return this.judge(control, body);
  }

  private async askOnly(): Promise<OperationResult> {
    const { battle, operation } = this;
    const body = operation.body && this.maker.fill(operation.body, new Set());
    const answer = await this.maker.ask(battle.attacker, { path: {}, body });
    await battle.inspect(operation.name, 'own request', answer);
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
        await battle.inspect(
          this.operation.name,
          "query cursor of the other tenant's page",
          await this.maker.ask(battle.attacker, asking(cursor)),
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
        setting({ [name]: isList ? [value] : value, ...this.maker.fresh(schema, name) });
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
    const answer = await this.maker.ask(
      battle.attacker,
      setting({ ...smuggled, ...this.maker.fresh(schema, '') }),
    );
    await battle.inspect(this.operation.name, 'body tenant_id and id that were not asked for', answer);
  }

  private async probe(what: string, probe: Probe, asking: (value: string) => Request): Promise<void> {
    const { battle, operation } = this;
    battle.noteSent(probe);
    const theirs = await this.maker.ask(battle.attacker, asking(probe.value));
    if (theirs.status === 409 && (await battle.attackerHas(what.replace('body ', ''), probe.value))) return;
    const attack = `${what} = ${probe.label}`;
    if (this.isAsForNobodys(what, probe, theirs)) return battle.inspect(operation.name, attack, theirs);
    const nobodys = await this.maker.ask(battle.attacker, asking(probe.nobodys));
    this.nobodys.set(what, { value: probe.nobodys, answer: nobodys });
    await battle.compare(operation.name, probe, attack, { theirs, nobodys });
  }

  /** What is nobody's is asked for anew only where the last answer to that differs: it halves the requests. */
  private isAsForNobodys(what: string, { value }: Probe, theirs: Answer): boolean {
    const last = this.nobodys.get(what);
    if (!last) return false;
    const answers = { theirs, nobodys: last.answer };
    return this.battle.differenceOf(this.operation.name, { value, nobodys: last.value }, answers) === null;
  }

  /** The victim asks first, then the attacker, and the other way round; then with the victim's ETag. */
  private async attackCaches(own: Request['path'], theirs: Request['path']): Promise<void> {
    const { battle, operation } = this;
    const victims = await this.maker.ask(battle.victim, { path: theirs });
    const mine = await this.maker.ask(battle.attacker, { path: own });
    await battle.inspect(operation.name, 'asked right after the other tenant', mine);
    await this.maker.ask(battle.victim, { path: theirs });
    await battle.inspect(operation.name, 'asked again', await this.maker.ask(battle.attacker, { path: own }));
    const etag = victims.headers.get('etag');
    if (etag === null || victims.text === mine.text) return;
    const cached = await this.maker.ask(battle.attacker, { path: own, headers: { 'if-none-match': etag } });
    await battle.inspect(operation.name, "the other tenant's ETag", cached);
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
    await this.maker.ask(battle.victim, {
      path: {},
      body: { ...body, ...this.maker.fresh(operation.body ?? {}, '') },
      headers,
    });
    const answer = await this.maker.ask(battle.attacker, { path: {}, body, headers });
    await battle.inspect(operation.name, "the other tenant's Idempotency-Key", answer);
  }

  private async cursorsOfVictim(path: Request['path']): Promise<string[]> {
    const pages = this.operation.queryParams.some(({ name }) => name === 'cursor');
    if (!pages) return [];
    const answer = await this.maker.ask(this.battle.victim, { path, query: { limit: '1' } });
    const page = isObject(answer.json) && isObject(answer.json['page']) ? answer.json['page'] : {};
    return typeof page['next_cursor'] === 'string' ? [page['next_cursor']] : [];
  }

  /** The victim's file with its names and codes, but for the contents that are looked for in answers. */
  private async attackFile(path: Request['path']): Promise<void> {
    const { battle, operation } = this;
    const file = operation.body && (await this.maker.findFile(battle.victim));
    if (!file) return;
    const text = JSON.stringify(file).replaceAll(battle.victim.secret, 'x');
    battle.noteSent({ label: 'file', value: text, nobodys: text });
    const body = JSON.parse(text) as Record<string, unknown>;
    await battle.inspect(
      operation.name,
      "body = the other tenant's file",
      await this.maker.ask(battle.attacker, { path, body }),
    );
  }
}
