import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { inTenant } from '../../platform/request-scope.js';
import type { Choice } from './choice.js';
import { Harvest } from './harvest.js';
import type { Answer } from './http.js';
import { type Finding, LeakDetector, wordsOf } from './leaks.js';
import { OwnTexts } from './own-texts.js';
import { fingerprint, listGuardedTables, onlyReadable, rowsOf, type GuardedTable } from './guarded-tables.js';
import { type Side, staySignedIn, type Target } from './world.js';
import { cutText, excerptOf } from '../../platform/cut-text.js';

/** One value to try, and a value of the same kind that is nobody's. */
export type Probe = { readonly label: string; readonly value: string; readonly nobodys: string };

/** The attacker and the victim, what each has, and what was found. */
export class Battle {
  readonly attacker: Side;
  readonly victim: Side;
  private readonly choose: Choice;
  readonly findings: Finding[] = [];
  requests = 0;
  own!: Harvest;
  theirs!: Harvest;
  /** Texts of the victim that the attacker sent. */
  private readonly sent: string[] = [];
  private readonly ownTexts: OwnTexts;
  private detector!: LeakDetector;
  private foreign: ReadonlySet<string> = new Set();
  private tables: readonly GuardedTable[] = [];

  constructor(
    readonly target: Target,
    sides: { readonly attacker: Side; readonly victim: Side; readonly choose: Choice },
  ) {
    this.attacker = sides.attacker;
    this.victim = sides.victim;
    this.choose = sides.choose;
    this.ownTexts = new OwnTexts(this.dataSource, sides.attacker.tenantId);
  }

  get dataSource(): DataSource {
    return this.target.app.get(DataSource);
  }

  /** Reads anew what both have. */
  async survey(): Promise<void> {
    this.tables = await onlyReadable(this.dataSource, await listGuardedTables(this.dataSource));
    this.own = await Harvest.of(this.dataSource, this.tables, this.attacker.tenantId);
    this.theirs = await Harvest.of(this.dataSource, this.tables, this.victim.tenantId);
    const { marker, secret, token, refreshToken, group, sessionGroup } = this.victim;
    const rows = new Set([...this.theirs.idsOf.values()].flat());
    const ids = new Set([...this.theirs.allIds].filter((id) => rows.has(id) || !this.own.allIds.has(id)));
    this.foreign = ids;
    const secrets = [secret, token, refreshToken, group.key, sessionGroup.key];
    this.detector = new LeakDetector({ marker, secrets, ids });
    for (const word of this.sent) this.detector.noteSent(word);
  }

  /** Ids of the victim, not those of the attacker that the victim's records name, to try in a field of this name; the likeliest first. */
  foreignIds(likely: readonly string[]): Probe[] {
    const probes = likely
      .filter((id) => this.foreign.has(id))
      .slice(0, 2)
      .map((value, n) => ({ label: `the other tenant's own id ${n + 1}`, value }));
    const likeliest = probes.map(({ value }) => value);
    for (const [kind, value] of this.theirs.oneOfEach(this.foreign)) {
      if (!likeliest.includes(value)) probes.push({ label: `the other tenant's id of ${kind}`, value });
    }
    return this.choose(probes).map((probe) => ({ ...probe, nobodys: randomUUID() }));
  }

  /** Texts of the victim that identify something of the victim's. */
  foreignTexts(name: string): Probe[] {
    const values = this.theirs.textsOf(name).filter((value) => value.includes(this.victim.marker));
    const others = [this.victim.marker, this.victim.email].filter((value) => !values.includes(value));
    return this.choose([...values.slice(0, 3), ...others]).map((value) => ({
      label: `the other tenant's text '${cutText(value, 60)}'`,
      value,
      nobodys: value.replaceAll(this.victim.marker, `mark${randomUUID().replaceAll('-', '').slice(0, 12)}`),
    }));
  }

  /** Before the value goes out: from then on it may be in the attacker's own rows. */
  noteSent({ value }: Probe): void {
    this.sent.push(value);
    this.detector.noteSent(value);
  }

  /** Whether the attacker has a row with the text, too. */
  async attackerHas(name: string, text: string): Promise<boolean> {
    const own = await Harvest.of(this.dataSource, this.tables, this.attacker.tenantId);
    return own.textsOf(name).includes(text);
  }

  /** What the attacker got must not hold anything of the victim's. */
  async inspect(where: string, attack: string, answer: Answer): Promise<void> {
    this.requests += 1;
    const { leak, doubts } = this.detector.find(answer.everything, answer.sent);
    if (leak) this.report(where, attack, leak);
    for (const word of leak ? [] : doubts) {
      if (await this.ownTexts.hold(word, where)) continue;
      this.report(
        where,
        attack,
        `the answer holds what was sent before, and no row of the attacker has it: ${word}`,
      );
      break;
    }
    if (answer.status >= 500 && answer.status !== 503) {
      this.report(where, attack, `the service failed: ${answer.status} ${cutText(answer.text, 120)}`);
    }
  }

  /** The answer for what is the victim's must be the answer for what is nobody's, or it tells that it exists. */
  async compare(
    where: string,
    probe: Probe,
    attack: string,
    answers: { theirs: Answer; nobodys: Answer },
  ): Promise<void> {
    await this.inspect(where, attack, answers.theirs);
    const difference = this.differenceOf(where, probe, answers);
    if (difference !== null) {
      const problem = `answers differ for what is theirs and what is nobody's: ${difference}`;
      this.report(where, attack, problem);
    }
  }

  /** What tells the two answers apart; null: nothing. */
  differenceOf(
    where: string,
    probe: Pick<Probe, 'value' | 'nobodys'>,
    answers: { theirs: Answer; nobodys: Answer },
  ): string | null {
    const isChange = /^(POST|PUT|PATCH|DELETE) /.test(where);
    if (isChange && isDone(answers.theirs) && isDone(answers.nobodys)) return null; // two rows of the attacker's own
    const theirs = wordsOf(answers.theirs, [probe.value, encodeURIComponent(probe.value)]);
    const nobodys = wordsOf(answers.nobodys, [probe.nobodys, encodeURIComponent(probe.nobodys)]);
    return theirs === nobodys ? null : firstDifference(theirs, nobodys);
  }

  report(where: string, attack: string, problem: string): void {
    const isKnown = this.findings.some((found) => found.where === where && found.attack === attack);
    if (!isKnown) this.findings.push({ where, attack, problem });
  }

  /** Does the attacker's part and looks whether anything of the victim's changed by it. */
  async watched(where: string, attack: () => Promise<void>): Promise<void> {
    const before = await this.fingerprintVictim();
    await attack();
    const after = await this.fingerprintVictim();
    const changed = [...after].filter(([table, hash]) => before.get(table) !== hash).map(([table]) => table);
    if (changed.length > 0) {
      this.report(where, 'rows before and after', `rows of the other tenant changed: ${changed.join(', ')}`);
    }
  }

  /** What the attacker's rows refer to must be the attacker's own. */
  async checkOwnRows(): Promise<void> {
    for (const table of this.tables) {
      const { name } = table;
      if (name === 'admin_audit_logs') continue; // names what was asked for, also in vain
      const rows = await inTenant(this.attacker.tenantId, () =>
        this.dataSource.query<{ row: Record<string, unknown> }[]>(
          `SELECT to_jsonb(t) AS row FROM ${rowsOf(table, [this.attacker.tenantId])}`,
        ),
      );
      for (const { row } of rows) {
        const foreign = Object.entries(row).find(
          ([, value]) => typeof value === 'string' && this.isTheirs(value.toLowerCase()),
        );
        if (foreign)
          this.report(
            name,
            `column ${foreign[0]}`,
            'a row of the attacker refers to a row of the other tenant',
          );
      }
    }
  }

  /** An attack may have ended the sign-in that the next one needs. */
  async ensureSignedIn(): Promise<void> {
    for (const side of [this.attacker, this.victim]) await staySignedIn(this.target, side);
  }

  private isTheirs(id: string): boolean {
    return this.foreign.has(id);
  }

  private fingerprintVictim(): Promise<ReadonlyMap<string, string>> {
    const { tenantId } = this.victim;
    return inTenant(tenantId, () => fingerprint(this.dataSource, this.tables, tenantId));
  }
}

function isDone({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

function firstDifference(one: string, other: string): string {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  const from = Math.max(0, at - 30);
  return `'${excerptOf(one, from, at + 50)}' and '${excerptOf(other, from, at + 50)}'`;
}
