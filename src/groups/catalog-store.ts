import { timingSafeEqual } from 'node:crypto';
import type { BlockList } from 'node:net';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { agreedNowMs } from '../platform/agreed-time.js';
import { SYSTEM_DATABASE } from '../platform/database/system-database.js';
import type { GroupKeyCaller } from '../access/caller.js';
import { ChangeBus } from '../platform/replicas/change-bus.js';
import { type Change, type InFlight } from '../platform/replicas/change-bus.js';
import { compileNetworks } from '../platform/network/client-address.js';
import { fromJson, type JsonRow } from '../platform/database/json-row.js';
import { SecretBox } from '../platform/secrets/secret-box.js';
import { untilRead } from '../platform/until-read.js';
import { Config } from '../platform/config.js';
import { SourceTool } from '../sources/source-tool.entity.js';
import { ToolDirectory } from '../sources/tool-directory.js';
import { buildCatalog, type Catalog, isEmptyObject } from './catalog.js';
import { GroupKey } from './keys/group-key.entity.js';
import { ALL_GROUPS, LoadOrder, type Turn } from './load-order.js';
import { GroupTool } from './group-tools/group-tool.entity.js';
import { ToolGroup } from './group.entity.js';
import { isWellFormedKey } from './keys/key-format.js';

/** Groups of enabled tenants; of their keys those that open them. */
const READ_GROUPS = `SELECT to_jsonb(g) AS "group",
    coalesce((SELECT jsonb_agg(to_jsonb(t)) FROM mcp_tools t WHERE t.group_id = g.id), '[]') AS tools,
    coalesce((SELECT jsonb_agg(to_jsonb(s) - 'pending') FROM mcp_tools t JOIN mcp_source_tools s ON s.id = t.source_tool_id
      WHERE t.group_id = g.id), '[]') AS "sourceTools",
    coalesce((SELECT jsonb_agg(to_jsonb(k)) FROM mcp_group_keys k
      WHERE k.group_id = g.id AND k.status <> 'revoked'), '[]') AS keys
  FROM mcp_tool_groups g JOIN tenants ON tenants.id = g.tenant_id AND tenants.enabled
  WHERE ($1::uuid IS NULL OR g.id = $1) AND ($2::uuid IS NULL OR g.tenant_id = $2)`;

type StoredGroup = {
  readonly group: JsonRow;
  readonly tools: JsonRow[];
  /** Those that the tools refer to. */
  readonly sourceTools: JsonRow[];
  readonly keys: JsonRow[];
};
type KeyEntry = {
  readonly hash: Buffer;
  readonly caller: GroupKeyCaller;
  readonly expiresAtMs: number;
  readonly networks: BlockList | undefined;
  readonly isDecoy: boolean;
};

/** A key that opens its group, from these networks; undefined: from anywhere. */
export type GoodKey = {
  readonly kind: 'good';
  readonly caller: GroupKeyCaller;
  readonly networks: BlockList | undefined;
};
/** What a key turned out to be. `decoy`: nobody has any business with it. */
export type FoundKey = GoodKey | { readonly kind: 'decoy'; readonly caller: GroupKeyCaller };
type Loaded = { readonly catalog: Catalog; readonly keyHashes: readonly string[] };
type LoadedGroup = Loaded & { readonly keys: readonly GroupKey[] };

/** Told after a group's catalog was replaced; `after` is undefined when the group is gone or disabled. */
export type CatalogListener = (
  before: Catalog,
  after: Catalog | undefined,
  /** What is to become of running calls that lost their key or tool. */
  inFlight: InFlight,
) => void;

/**
 * All groups and their keys in memory, kept equal to the database: what makes authentication and routing free of SQL and
 * lets an admin's change rule the very next call. Disabled groups stay in it (their keys must get a clear answer); groups
 * of disabled tenants and keys that are not active do not.
 */
@Injectable()
export class CatalogStore implements OnModuleInit {
  private readonly logger = new Logger(CatalogStore.name);
  private readonly byCode = new Map<string, Loaded>();
  private readonly codeOf = new Map<string, string>();
  private readonly keys = new Map<string, KeyEntry>();
  /** The keys that open their group, by their id. */
  private readonly live = new Map<string, KeyEntry>();
  private readonly listeners: CatalogListener[] = [];
  private readonly loads = new LoadOrder();

  constructor(
    @InjectDataSource(SYSTEM_DATABASE) private readonly dataSource: DataSource,
    private readonly changeBus: ChangeBus,
    private readonly directory: ToolDirectory,
    private readonly secretBox: SecretBox,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.changeBus.subscribe('group', (change) => this.takeOver(change));
    this.changeBus.subscribe('tenant', (change) => this.takeOverTenant(change));
  }

  onReplaced(listener: CatalogListener): void {
    this.listeners.push(listener);
  }

  /** Tells listeners of keys that have expired since the last look; {@link findKey} refuses them in any case. */
  expireKeys(): void {
    const now = agreedNowMs();
    const groupIds = new Set<string>();
    for (const { caller, expiresAtMs } of this.keys.values()) {
      if (expiresAtMs <= now && this.live.delete(caller.keyId)) groupIds.add(caller.groupId);
    }
    for (const groupId of groupIds) {
      const catalog = this.find(groupId);
      if (catalog) this.tell(catalog, catalog.enabled ? catalog : undefined, 'drain');
    }
  }

  /** Undefined: not a key, unknown, revoked, expired. */
  findKey(key: string): FoundKey | undefined {
    if (!isWellFormedKey(key)) return undefined;
    const entry = this.entryOf(key);
    if (!entry) return undefined;
    if (entry.isDecoy) return { kind: 'decoy', caller: entry.caller };
    if (entry.expiresAtMs <= agreedNowMs()) return undefined;
    return { kind: 'good', caller: entry.caller, networks: entry.networks };
  }

  /** While the master key is being replaced, keys are also known by the hash that the previous one gave them. */
  private entryOf(key: string): KeyEntry | undefined {
    const found = this.entryWith(this.secretBox.digest(key));
    if (found || !this.secretBox.hasPrevious) return found;
    for (const digest of this.secretBox.previousDigests(key)) {
      const entry = this.entryWith(digest);
      if (entry) return entry;
    }
    return undefined;
  }

  private entryWith(digest: Buffer): KeyEntry | undefined {
    const entry = this.keys.get(digest.toString('base64'));
    return entry && timingSafeEqual(entry.hash, digest) ? entry : undefined;
  }

  /** Whether a key still opens its group; long-lived connections ask after every change. */
  isLive(keyId: string): boolean {
    return (this.live.get(keyId)?.expiresAtMs ?? 0) > agreedNowMs();
  }

  /** A key that was seen before, with what it may do now; undefined: it does not open its group any more. */
  findLiveKey(keyId: string): GoodKey | undefined {
    const entry = this.isLive(keyId) ? this.live.get(keyId) : undefined;
    return entry && { kind: 'good', caller: entry.caller, networks: entry.networks };
  }

  findByCode(serverCode: string): Catalog | undefined {
    return this.byCode.get(serverCode)?.catalog;
  }

  find(groupId: string): Catalog | undefined {
    return this.findByCode(this.codeOf.get(groupId) ?? '');
  }

  get size(): { readonly groups: number; readonly keys: number } {
    return { groups: this.byCode.size, keys: this.keys.size };
  }

  /** Reads one group anew; when this returns, the next call on this replica is ruled by what the database says. */
  refresh(groupId: string, inFlight: InFlight = 'drain'): Promise<void> {
    return this.loads.run((turn) => this.loadOne(turn, groupId, inFlight));
  }

  private takeOver(change: Change | null): Promise<void> {
    return untilRead(this.logger, 'Groups', () =>
      change ? this.refresh(change.id, change.inFlight) : this.loads.run((turn) => this.loadAll(turn)),
    );
  }

  /** Suspended or resumed. After a lost connection all groups are read anew anyway. */
  private async takeOverTenant(change: Change | null): Promise<void> {
    if (!change) return;
    const { id, inFlight = 'drain' } = change;
    await untilRead(this.logger, 'Groups', () =>
      this.loads.run((turn) => this.loadTenant(turn, id, inFlight)),
    );
  }

  private async loadOne(turn: Turn, groupId: string, inFlight: InFlight): Promise<void> {
    const groups = await this.read(groupId);
    this.putAll(turn, groups, inFlight);
    if (groups.length === 0) this.remove(turn, this.find(groupId) ?? { groupId, tenantId: '' }, inFlight);
  }

  private async loadTenant(turn: Turn, tenantId: string, inFlight: InFlight): Promise<void> {
    const groups = await this.read(undefined, tenantId);
    turn.ruleAllOf(tenantId);
    const present = new Set(groups.map(({ catalog }) => catalog.groupId));
    for (const { catalog } of this.byCode.values()) {
      if (catalog.tenantId === tenantId && !present.has(catalog.groupId))
        this.remove(turn, catalog, inFlight);
    }
    this.putAll(turn, groups, inFlight);
  }

  private async loadAll(turn: Turn): Promise<void> {
    const groups = await this.read();
    turn.ruleAllOf(ALL_GROUPS);
    const present = new Set(groups.map(({ catalog }) => catalog.groupId));
    for (const { catalog } of this.byCode.values())
      if (!present.has(catalog.groupId)) this.remove(turn, catalog, 'drain');
    this.putAll(turn, groups, 'drain');
  }

  /**
   * One snapshot of the database for the group, its tools and its keys together, in one round trip: under load each one
   * costs a turn of the event loop, and a revoked key opens its group until the last of them.
   */
  private async read(groupId?: string, tenantId?: string): Promise<LoadedGroup[]> {
    const rows = await this.dataSource.query<StoredGroup[]>(READ_GROUPS, [groupId ?? null, tenantId ?? null]);
    const loaded: LoadedGroup[] = [];
    for (const { keys: keyRows, ...stored } of rows) {
      const keys = keyRows.map((key) => fromJson(this.dataSource, GroupKey, key));
      const keyHashes = keys.map((key) => key.hash.toString('base64'));
      loaded.push({ catalog: await this.build(stored), keys, keyHashes });
    }
    return loaded;
  }

  private build({ group, tools, sourceTools }: Omit<StoredGroup, 'keys'>): Promise<Catalog> {
    const read = (tool: JsonRow) => fromJson(this.dataSource, GroupTool, tool);
    const brought = new Map(
      sourceTools.map((tool) => [tool['id'], fromJson(this.dataSource, SourceTool, tool)]),
    );
    const find = (row: GroupTool) => this.directory.resolve(row, brought.get(row.sourceToolId ?? ''));
    return buildCatalog(
      fromJson(this.dataSource, ToolGroup, group),
      eachOf(tools, read),
      find,
      this.config.env,
    );
  }

  private putAll(turn: Turn, groups: readonly LoadedGroup[], inFlight: InFlight): void {
    for (const group of groups) if (turn.mayRule(group.catalog)) this.put(group, inFlight);
  }

  private put({ catalog, keys, keyHashes }: LoadedGroup, inFlight: InFlight): void {
    const { groupId, tenantId, serverCode } = catalog;
    const before = this.byCode.get(serverCode);
    for (const hash of before?.keyHashes ?? []) this.forget(hash);
    for (const [index, key] of keys.entries()) {
      const entry: KeyEntry = {
        hash: key.hash,
        caller: {
          kind: 'group_key',
          tenantId,
          groupId,
          keyId: key.id,
          ...(key.appId !== null && { appId: key.appId }),
          ...(key.toolNames && { tools: new Set(key.toolNames) }),
          ...(!isEmptyObject(key.limits) && { limits: key.limits }),
        },
        expiresAtMs: key.expiresAt?.getTime() ?? Infinity,
        networks: compileNetworks(key.allowedNetworks),
        isDecoy: key.isDecoy,
      };
      this.keys.set(keyHashes[index], entry);
      if (!key.isDecoy) this.live.set(key.id, entry);
    }
    this.byCode.set(serverCode, { catalog, keyHashes });
    this.codeOf.set(groupId, serverCode);
    for (const { name, reason } of catalog.unusable)
      this.logger.warn(`Tool '${name}' of group '${serverCode}' is left out: ${reason}`);
    if (before) this.tell(before.catalog, catalog.enabled ? catalog : undefined, inFlight);
  }

  private remove(turn: Turn, group: Pick<Catalog, 'groupId' | 'tenantId'>, inFlight: InFlight): void {
    if (!turn.mayRule(group)) return;
    const { groupId } = group;
    const serverCode = this.codeOf.get(groupId);
    const gone = serverCode === undefined ? undefined : this.byCode.get(serverCode);
    if (serverCode === undefined || !gone) return;
    for (const hash of gone.keyHashes) this.forget(hash);
    this.byCode.delete(serverCode);
    this.codeOf.delete(groupId);
    this.tell(gone.catalog, undefined, inFlight);
  }

  private forget(keyHash: string): void {
    const entry = this.keys.get(keyHash);
    if (entry) this.live.delete(entry.caller.keyId);
    this.keys.delete(keyHash);
  }

  private tell(before: Catalog, after: Catalog | undefined, inFlight: InFlight): void {
    for (const listener of this.listeners) listener(before, after, inFlight);
  }
}

/** One at a time, when it is asked for. */
function* eachOf<From, To>(items: readonly From[], make: (item: From) => To): Generator<To> {
  for (const item of items) yield make(item);
}
