import { randomUUID } from 'node:crypto';
import type { ToolDefinition } from '../../tools/tool-definition.js';
import type { Battle, Probe } from './battle.js';
import type { Answer } from './http.js';
import { McpAttack, message } from './mcp-attack.js';
import { fillBody, isObject, namesARow, type Schema } from './operations.js';
import type { OperationResult } from './rest-attack.js';
import type { Side } from './world.js';
import { cutText } from '../../platform/cut-text.js';

const ROWS_TRIED = 8;
const CORRECTIONS = 3;

type Arguments = Record<string, unknown>;

/** Attacks one tool with the other tenant's ids and texts in each of its arguments. */
export class ToolAttack {
  private readonly name: string;
  private readonly schema: Schema;
  private readonly mcp: McpAttack;

  constructor(
    private readonly battle: Battle,
    { name, inputSchema }: ToolDefinition,
  ) {
    this.name = name;
    this.schema = inputSchema;
    this.mcp = new McpAttack(battle);
  }

  async run(): Promise<OperationResult> {
    const { battle } = this;
    const where = `tool ${this.name}`;
    const own = await this.findArguments(battle.attacker);
    const theirs = await this.findArguments(battle.victim);
    const cursors = await this.cursorsOfVictim(theirs);
    let control: Answer | undefined;
    await battle.watched(where, async () => {
      for (const [name, property] of Object.entries(this.schema.properties ?? {})) {
        for (const probe of this.probesFor(name, property, cursors)) await this.probe(name, probe, own);
      }
      control = await this.call(battle.attacker, own);
      await battle.inspect(where, 'own arguments, right after the other tenant', control);
    });
    const worked = control !== undefined && !isFailure(control);
    const note = worked ? 'own arguments work' : `own arguments fail: ${cutText(control?.text ?? '', 160)}`;
    return { name: where, outcome: worked ? 'attacked' : 'not_attacked', note };
  }

  private probesFor(name: string, property: Schema, cursors: readonly string[]): Probe[] {
    const { battle } = this;
    if (!['string', 'array'].includes(property.type ?? 'string') || property.enum) return [];
    if (name === 'cursor') {
      return cursors.map((value) => ({
        label: "a cursor of the other tenant's page",
        value,
        nobodys: value,
      }));
    }
    const ids = namesARow(name, property) ? battle.foreignIds(battle.theirs.idsFor(name)) : [];
    const personal = ['username', 'email', 'phone', 'display_name'].flatMap((kind) =>
      battle.foreignTexts(kind),
    );
    return ids.length > 0 ? ids : [...new Map(personal.map((probe) => [probe.value, probe])).values()];
  }

  private async probe(name: string, probe: Probe, own: Arguments): Promise<void> {
    this.battle.noteSent(probe);
    const isList = this.schema.properties?.[name]?.type === 'array';
    const asking = (value: string) =>
      this.call(this.battle.attacker, { ...own, [name]: isList ? [value] : value });
    // Without the others that could name the row instead.
    const alone = (value: string) =>
      this.call(this.battle.attacker, { ...this.withoutNames(own), [name]: isList ? [value] : value });
    for (const ask of [asking, alone]) {
      const theirs = await ask(probe.value);
      const nobodys = probe.nobodys === probe.value ? theirs : await ask(probe.nobodys);
      await this.battle.compare(`tool ${this.name}`, probe, `argument ${name} = ${probe.label}`, {
        theirs,
        nobodys,
      });
    }
  }

  private withoutNames(own: Arguments): Arguments {
    const optional = Object.entries(own).filter(([name]) => this.schema.required?.includes(name));
    return Object.fromEntries(optional);
  }

  /** Arguments that work for a side: the required ones, then with one optional one after the other, on several rows. */
  private async findArguments(side: Side): Promise<Arguments> {
    const optional = Object.keys(this.schema.properties ?? {}).filter(
      (name) => !this.schema.required?.includes(name),
    );
    const extras = [
      undefined,
      ...optional.toSorted((a, b) => Number(this.isName(b)) - Number(this.isName(a))),
    ];
    for (const extra of extras) {
      for (let row = 0; row < ROWS_TRIED; row += 1) {
        const args = this.makeArguments(side, row, extra);
        const corrected = await this.correct(side, args);
        if (corrected) return corrected;
      }
    }
    return this.makeArguments(side, 0, undefined);
  }

  private makeArguments(side: Side, row: number, extra: string | undefined): Arguments {
    const harvest = side === this.battle.attacker ? this.battle.own : this.battle.theirs;
    const filler = {
      text: (name: string) => this.textFor(name),
      id: (name: string) => harvest.idsFor(name)[row],
    };
    const required = [...(this.schema.required ?? []), ...(extra === undefined ? [] : [extra])];
    return fillBody({ ...this.schema, required }, filler, new Set());
  }

  /** Calls, and follows what the refusals say: `status must be one of open, done`, `legal now: done`. */
  private async correct(side: Side, args: Arguments): Promise<Arguments | undefined> {
    let tried = args;
    for (let attempt = 0; attempt < CORRECTIONS; attempt += 1) {
      const answer = await this.call(side, tried);
      if (!isFailure(answer)) return tried;
      const [, name, choice] = /(?<!\w)(\w+) must be one of (\w+)/.exec(answer.text) ?? [];
      const [, step] = /legal now: (\w+)/.exec(answer.text) ?? [];
      const field =
        name ?? (step === undefined ? undefined : Object.keys(tried).find((key) => key === 'status'));
      if (field === undefined) return undefined;
      tried = { ...tried, [field]: choice ?? step };
    }
    return undefined;
  }

  private isName(name: string): boolean {
    return namesARow(name, this.schema.properties?.[name] ?? {});
  }

  private textFor(name: string): string {
    const description = this.schema.properties?.[name]?.description ?? '';
    const allowed = /Allowed: (\w+)|One of: (\w+)/.exec(description);
    return allowed?.[1] ?? allowed?.[2] ?? `own-${randomUUID().slice(0, 8)}`;
  }

  private async cursorsOfVictim(args: Arguments): Promise<string[]> {
    if (!this.schema.properties?.['cursor']) return [];
    const answer = await this.call(this.battle.victim, {
      ...args,
      ...(this.schema.properties['limit'] && { limit: 1 }),
    });
    const cursor = /"next_cursor\\?":\\?"([\w-]+)/.exec(answer.text)?.[1];
    return cursor === undefined ? [] : [cursor];
  }

  private call({ group }: Side, args: Arguments): Promise<Answer> {
    const said = message('legacy', 'tools/call', { name: this.name, arguments: args });
    return this.mcp.post({ group, key: group.key, ...said });
  }
}

function isFailure(answer: Answer): boolean {
  const result = isObject(answer.json) ? answer.json['result'] : undefined;
  return !isObject(result) || result['isError'] === true;
}
