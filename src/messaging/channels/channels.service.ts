import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import { differenceOf } from '../../access/audit/difference.js';
import type { UserCaller } from '../../access/caller.js';
import { ChangeBus } from '../../platform/replicas/change-bus.js';
import { given } from '../../platform/rest/given.js';
import type { Page } from '../../platform/rest/envelope.js';
import { ConflictError, NotFoundError } from '../../platform/errors.js';
import { newId } from '../../platform/new-id.js';
import { decodeIdCursor, toPage } from '../../platform/rest/paging.js';
import { type ReadVersions, requireVersion } from '../../platform/rest/preconditions.js';
import { SecretBox } from '../../platform/secrets/secret-box.js';
import { uniqueViolation } from '../../platform/database/unique-violation.js';
import { invalidFields } from '../../platform/rest/validation.js';
import { Config } from '../../platform/config.js';
import { ChannelChoice } from './channel-choice.entity.js';
import { findChannelProblems, findMisplaced, isElsewhere, withoutSecrets } from './channel-rules.js';
import { type ChannelSecrets, openSecrets, sealSecrets } from './channel-secrets.js';
import type { CreateChannelDto, UpdateChannelDto } from './channels.dto.js';
import { NotificationChannel } from './notification-channel.entity.js';
import { newSigningSecret } from './webhook-signature.js';

/** What goes out is multiplied by it. */
const CHANNELS_MAX = 20;
const HOUR_MS = 3_600_000;

export type MadeChannel = { readonly channel: NotificationChannel; readonly signingSecret: string | null };
type GivenSecrets = { readonly password?: string; readonly token?: string };

/** The channels of a tenant. A change rules the next delivery: they are read when one is made and when it goes out. */
@Injectable()
export class ChannelsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly changeBus: ChangeBus,
    private readonly box: SecretBox,
    private readonly audit: AuditTrail,
    private readonly config: Config,
  ) {}

  /** Oldest first. */
  async list(
    { tenantId }: UserCaller,
    query: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<NotificationChannel>> {
    const found = this.dataSource
      .getRepository(NotificationChannel)
      .createQueryBuilder('c')
      .where('c.tenant_id = :tenantId', { tenantId })
      .orderBy('c.id', 'ASC')
      .take(query.limit + 1);
    if (query.cursor) found.andWhere('c.id > :after', { after: decodeIdCursor(query.cursor) });
    return toPage(await found.getMany(), query.limit, ({ id }) => [id]);
  }

  /** @throws {NotFoundError} Not there, or another tenant's. */
  async get({ tenantId }: UserCaller, id: string): Promise<NotificationChannel> {
    const channel = await this.dataSource.getRepository(NotificationChannel).findOneBy({ id, tenantId });
    if (!channel) throw new NotFoundError(`No notification channel ${id}`);
    return channel;
  }

  /** @throws {ConflictError} The name is taken, or there are too many. */
  async create(caller: UserCaller, input: CreateChannelDto): Promise<MadeChannel> {
    const { kind } = input;
    requireNone(findMisplaced(kind, input, true));
    const asked = input[kind] ?? {};
    const { password, token } = asked as GivenSecrets;
    const signing = kind === 'webhook' ? newSigningSecret() : undefined;
    const id = newId();
    const { tenantId } = caller;
    const columns = {
      kind,
      audience: input.audience ?? 'each',
      settings: withoutSecrets(kind, asked),
    } as const;
    this.requireSound({ ...columns, hasToken: token !== undefined });
    const ciphertext = sealSecrets(this.box, { tenantId, id }, { signing, password, token });
    const { result } = await this.commit(async (manager) => {
      await requireRoom(manager, tenantId);
      const row = { id, tenantId, ciphertext, ...columns, ...commonOf(input) };
      const channel = await manager.save(NotificationChannel, manager.create(NotificationChannel, row));
      const { ciphertext: _sealed, ...after } = row;
      const entry = { action: 'notification_channel.create', target: targetOf(channel), after };
      await this.audit.record(manager, caller, entry);
      return channel;
    });
    return { channel: result, signingSecret: signing ?? null };
  }

  /** @throws {InvalidInputError} It moves to another server and its secret is not given anew: it would go to somebody else. */
  async update(
    caller: UserCaller,
    id: string,
    input: UpdateChannelDto,
    ifMatch?: ReadVersions,
  ): Promise<NotificationChannel> {
    const { result } = await this.commit(async (manager) => {
      const channel = await findLocked(manager, caller, id);
      requireVersion(channel, ifMatch);
      const { kind } = channel;
      requireNone(findMisplaced(kind, input, false));
      const columns = { ...commonOf(input), ...this.settingsOf(channel, input[kind]) };
      const { settings: changedTo } = columns;
      if (changedTo && isElsewhere(kind, channel.settings, changedTo))
        await forgetOwnTokens(manager, channel);
      const { ciphertext: _sealed, ...shown } = columns;
      const { before, after } = differenceOf(channel, shown);
      Object.assign(channel, columns);
      const { audience, settings } = channel;
      const hasToken = this.secretsOf(channel).token !== undefined;
      this.requireSound({ kind, audience, settings, hasToken });
      const saved = await manager.save(NotificationChannel, channel);
      const entry = { action: 'notification_channel.update', target: targetOf(saved), before, after };
      await this.audit.record(manager, caller, entry);
      return saved;
    });
    return result;
  }

  /** What was sent over it stays on the list of deliveries; what waits for it is suppressed. */
  async delete(caller: UserCaller, id: string, ifMatch?: ReadVersions): Promise<void> {
    await this.commit(async (manager) => {
      const channel = await findLocked(manager, caller, id);
      requireVersion(channel, ifMatch);
      await manager.delete(NotificationChannel, { id });
      const before = { name: channel.name, kind: channel.kind, settings: channel.settings };
      const entry = { action: 'notification_channel.delete', target: targetOf(channel), before };
      await this.audit.record(manager, caller, entry);
    });
  }

  /** @throws {ConflictError} It is no webhook. */
  async rotateSecret(caller: UserCaller, id: string, overlapHours: number): Promise<MadeChannel> {
    const signing = newSigningSecret();
    const { result } = await this.commit(async (manager) => {
      const channel = await findLocked(manager, caller, id);
      if (channel.kind !== 'webhook') throw new ConflictError('Only webhooks have a signing secret');
      const previousSigning = this.secretsOf(channel).signing;
      const isKept = overlapHours > 0 && previousSigning !== undefined;
      channel.ciphertext = sealSecrets(
        this.box,
        channel,
        isKept ? { signing, previousSigning } : { signing },
      );
      channel.previousSecretUntil = isKept ? new Date(Date.now() + overlapHours * HOUR_MS) : null;
      const saved = await manager.save(NotificationChannel, channel);
      const entry = {
        action: 'notification_channel.rotate_secret',
        target: targetOf(saved),
        after: { overlapHours },
      };
      await this.audit.record(manager, caller, entry);
      return saved;
    });
    return { channel: result, signingSecret: signing };
  }

  /** Those that do not open are gone: giving them anew is how to get out of that. */
  private secretsOf(channel: NotificationChannel): ChannelSecrets {
    try {
      return openSecrets(this.box, channel);
    } catch {
      return {};
    }
  }

  private settingsOf(
    channel: NotificationChannel,
    asked: object | undefined,
  ): { settings?: object; ciphertext?: Buffer | null } {
    if (asked === undefined) return {};
    const { kind } = channel;
    const settings = withoutSecrets(kind, asked);
    const secrets = asked as GivenSecrets;
    const field = kind === 'email' ? 'password' : 'token';
    if (
      channel.ciphertext !== null &&
      secrets[field] === undefined &&
      isElsewhere(kind, channel.settings, settings)
    )
      throw invalidFields([
        { field: `${kind}.${field}`, message: `${kind}.${field} must be given anew with another server` },
      ]);
    if (kind === 'email' && (settings as { user?: string }).user === undefined)
      return { settings, ciphertext: null };
    if (secrets[field] === undefined) return { settings };
    return { settings, ciphertext: sealSecrets(this.box, channel, { [field]: secrets[field] }) };
  }

  private requireSound(channel: Parameters<typeof findChannelProblems>[0]): void {
    requireNone(findChannelProblems(channel, this.config.env.NOTIFICATION_PRIVATE_NETWORKS));
  }

  private commit<T>(work: (manager: EntityManager) => Promise<T>) {
    return this.changeBus.commit(work).catch((error: unknown) => {
      if (uniqueViolation(error) !== 'uq_notification_channels_tenant_name') throw error;
      const details = [{ field: 'name', message: 'is taken' }];
      throw new ConflictError('Another channel of yours has this name', { details, cause: error });
    });
  }
}

function requireNone(problems: Parameters<typeof invalidFields>[0]): void {
  if (problems.length > 0) throw invalidFields(problems);
}

/** A limit on what goes out, not exact: two that are made at once may both find the last place. */
async function requireRoom(manager: EntityManager, tenantId: string): Promise<void> {
  const { length } = await manager.find(NotificationChannel, { where: { tenantId }, select: { id: true } });
  if (length >= CHANNELS_MAX)
    throw new ConflictError(`There are ${CHANNELS_MAX} channels already; remove one first`);
}

async function findLocked(
  manager: EntityManager,
  { tenantId }: UserCaller,
  id: string,
): Promise<NotificationChannel> {
  const where = { id, tenantId };
  const channel = await manager.findOne(NotificationChannel, { where, lock: { mode: 'pessimistic_write' } });
  if (!channel) throw new NotFoundError(`No notification channel ${id}`);
  return channel;
}

/** Colleagues gave them to the server before; the next one is somebody else's. */
async function forgetOwnTokens(manager: EntityManager, { id, tenantId }: NotificationChannel): Promise<void> {
  await manager.update(ChannelChoice, { tenantId, channelId: id }, { ciphertext: null });
}

function targetOf({ id, name }: NotificationChannel) {
  return { kind: 'notification_channel', id, name };
}

/** Absent fields are left out, so that an update keeps and an insert defaults them. */
function commonOf(input: UpdateChannelDto): Partial<NotificationChannel> {
  const { name, audience, language, enabled, notice_kinds: noticeKinds } = input;
  const columns = { name, audience, language, enabled, noticeKinds };
  return given(columns);
}
