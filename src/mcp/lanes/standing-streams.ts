import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Catalog, ListedTool } from '../../groups/catalog.js';
import { listFor } from '../../groups/access-rules.js';
import { CatalogStore } from '../../groups/catalog-store.js';
import type { ConnectedCaller } from '../connected-caller.js';
import { Gate, type Visit } from '../gate.js';
import { GateRefusal } from '../gate-refusal.js';

/** What a client holds open: a connection, a session, a stream of notifications. */
export type StandingStream = {
  readonly groupId: string;
  readonly visit: Visit;
  /** The list of tools that its client can see is another one now. */
  readonly tellListChanged: () => void;
  /** Its client may not be here any more. */
  readonly end: (refusal: GateRefusal) => void;
};

type Standing = StandingStream & { caller: ConnectedCaller; seen: readonly ListedTool[] };

/** Changes of a group that follow each other so fast are told once; the first one at once. */
const QUIET_MS = 1000;

/**
 * Keeps what stands open true to what holds now. After each change of a group, of a key or of a person's rights, those who may
 * not be here any more are ended, and those whose list of tools became another one are told so: nobody hears of a tool that it
 * cannot see. A message that comes on such a stream is asked about by itself, see {@link Gate.renew}.
 */
@Injectable()
export class StandingStreams implements OnModuleInit {
  private readonly byGroup = new Map<string, Set<Standing>>();
  /** Groups whose clients were told a moment ago. `true`: there is more to tell. */
  private readonly quiet = new Map<string, boolean>();

  constructor(
    private readonly gate: Gate,
    private readonly catalogs: CatalogStore,
  ) {}

  onModuleInit(): void {
    this.gate.onChange((groupId) => {
      for (const stream of this.standingIn(groupId)) this.renew(stream);
    });
    this.catalogs.onReplaced(({ groupId }, after) => {
      if (after) this.announce(groupId);
    });
  }

  /** @returns Takes it out again. */
  add(stream: StandingStream): () => void {
    const { caller } = stream.visit;
    const catalog = this.catalogs.find(stream.groupId);
    const standing: Standing = Object.assign(stream, {
      caller,
      seen: catalog ? listOf(catalog, caller) : [],
    });
    const group = this.byGroup.get(stream.groupId) ?? new Set();
    this.byGroup.set(stream.groupId, group.add(standing));
    return () => {
      group.delete(standing);
      if (group.size === 0 && this.byGroup.get(stream.groupId) === group) this.byGroup.delete(stream.groupId);
    };
  }

  /** Undefined: any group, and of people only. */
  private standingIn(groupId: string | undefined): readonly Standing[] {
    if (groupId !== undefined) return [...(this.byGroup.get(groupId) ?? [])];
    const all = [...this.byGroup.values()].flatMap((group) => [...group]);
    return all.filter(({ caller }) => caller.kind === 'user');
  }

  private renew(stream: Standing): void {
    const { visit, caller: before } = stream;
    const take = (caller: ConnectedCaller) => {
      stream.caller = caller;
      this.announce(stream.groupId);
    };
    try {
      const caller = this.gate.renew({ ...visit, caller: before });
      if (caller instanceof Promise) caller.then(take, (error: unknown) => endOf(stream, error));
      else stream.caller = caller;
    } catch (error) {
      endOf(stream, error);
    }
  }

  /** At once when the group was quiet; else when it has been quiet for long enough since the last time. */
  private announce(groupId: string): void {
    if (!this.byGroup.has(groupId)) return;
    if (this.quiet.has(groupId)) return void this.quiet.set(groupId, true);
    this.quiet.set(groupId, false);
    setTimeout(() => {
      const more = this.quiet.get(groupId);
      this.quiet.delete(groupId);
      if (more) this.announce(groupId);
    }, QUIET_MS).unref();
    const catalog = this.catalogs.find(groupId);
    if (catalog) for (const stream of this.standingIn(groupId)) tell(stream, catalog);
  }
}

function tell(stream: Standing, catalog: Catalog): void {
  const { seen } = stream;
  stream.seen = listOf(catalog, stream.caller);
  if (isOtherList(seen, stream.seen)) stream.tellListChanged();
}

const lists = new WeakMap<Catalog, WeakMap<ConnectedCaller, readonly ListedTool[]>>();

/** One list for all streams of a key: a thousand of them must not hold, and compare, a thousand. */
function listOf(catalog: Catalog, caller: ConnectedCaller): readonly ListedTool[] {
  let ofCallers = lists.get(catalog);
  if (!ofCallers) lists.set(catalog, (ofCallers = new WeakMap()));
  let list = ofCallers.get(caller);
  if (!list) ofCallers.set(caller, (list = listFor(catalog, caller)));
  return list;
}

function endOf(stream: Standing, error: unknown): void {
  if (error instanceof GateRefusal) stream.end(error);
  // Else it cannot be told at the moment, and the next message will ask again.
}

const compared = new WeakMap<readonly ListedTool[], WeakMap<readonly ListedTool[], boolean>>();

function isOtherList(before: readonly ListedTool[], after: readonly ListedTool[]): boolean {
  if (before === after) return false;
  const known = compared.get(before)?.get(after);
  if (known !== undefined) return known;
  const isOtherOne =
    before.length !== after.length || before.some((tool, index) => isOther(tool, after[index]));
  const ofBefore = compared.get(before) ?? new WeakMap<readonly ListedTool[], boolean>();
  compared.set(before, ofBefore.set(after, isOtherOne));
  return isOtherOne;
}

/** Definitions are the same objects in every snapshot, so their schemas need no look inside. */
function isOther(one: ListedTool, other: ListedTool): boolean {
  const { inputSchema, outputSchema, annotations, ...rest } = one;
  const { inputSchema: input, outputSchema: output, annotations: hints, ...otherRest } = other;
  if (inputSchema === input && outputSchema === output && annotations === hints)
    return JSON.stringify(rest) !== JSON.stringify(otherRest);
  return JSON.stringify(one) !== JSON.stringify(other);
}
