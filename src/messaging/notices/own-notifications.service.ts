import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import type { UserCaller } from '../../access/caller.js';
import { NotFoundError } from '../../platform/errors.js';
import { given } from '../../platform/rest/given.js';
import { newId } from '../../platform/new-id.js';
import { type ReadVersions, requireVersion } from '../../platform/rest/preconditions.js';
import { SecretBox } from '../../platform/secrets/secret-box.js';
import { invalidFields } from '../../platform/rest/validation.js';
import { ChannelChoice } from '../channels/channel-choice.entity.js';
import { OWN_TOKEN } from '../channels/channel-secrets.js';
import type { FormSettings } from '../channels/channel-settings.js';
import { reaches } from './delivery-plan.js';
import { NotificationChannel } from '../channels/notification-channel.entity.js';
import { NotificationPreference } from './notification-preference.entity.js';
import type { UpdateOwnChannelDto, UpdatePreferencesDto } from './own-notifications.dto.js';
import { isTimeZone } from './quiet-hours.js';
import { Recipients } from './recipients.js';

const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];

/** A channel as one person has it. */
export type OwnChannel = {
  readonly channel: NotificationChannel;
  readonly isOn: boolean;
  readonly takesToken: boolean;
  readonly hasToken: boolean;
  readonly reachesYou: boolean;
};

/** What a person decides about being told things. */
@Injectable()
export class OwnNotificationsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly recipients: Recipients,
    private readonly box: SecretBox,
  ) {}

  /** As it is where nothing was decided, with version 0. */
  async getPreference(caller: UserCaller): Promise<NotificationPreference> {
    const { tenantId, userId } = caller;
    const found = await this.dataSource.getRepository(NotificationPreference).findOneBy({ tenantId, userId });
    return found ?? Object.assign(this.unset(caller), { version: 0 });
  }

  async putPreference(
    caller: UserCaller,
    input: UpdatePreferencesDto,
    ifMatch?: ReadVersions,
  ): Promise<NotificationPreference> {
    requireSound(input);
    const { tenantId, userId } = caller;
    return this.dataSource.transaction(async (manager) => {
      await lockUser(manager, userId);
      const found = await manager.findOneBy(NotificationPreference, { tenantId, userId });
      requireVersion(found ?? { version: 0 }, ifMatch);
      return manager.save(
        NotificationPreference,
        Object.assign(found ?? this.unset(caller), columnsOf(input)),
      );
    });
  }

  /** Those that tell each person, oldest first. */
  async listChannels({ tenantId, userId }: UserCaller): Promise<OwnChannel[]> {
    const channels = await this.dataSource
      .getRepository(NotificationChannel)
      .find({ where: { tenantId, enabled: true, audience: 'each' }, order: { id: 'ASC' } });
    const [self] = await this.recipients.find(this.dataSource.manager, tenantId, [userId]);
    return channels.map((channel) => ({
      channel,
      isOn: !self.offChannels.has(channel.id),
      takesToken: takesToken(channel),
      hasToken: self.ownAddresses.has(channel.id),
      reachesYou: reaches(channel, self),
    }));
  }

  /** @throws {NotFoundError} No channel that tells each person. */
  async putChannel(caller: UserCaller, id: string, input: UpdateOwnChannelDto): Promise<OwnChannel> {
    const { tenantId, userId } = caller;
    await this.dataSource.transaction(async (manager) => {
      await lockUser(manager, userId);
      const where = { id, tenantId, enabled: true, audience: 'each' } as const;
      const channel = await manager.findOneBy(NotificationChannel, where);
      if (!channel) throw new NotFoundError(`No notification channel ${id}`);
      if (input.token && !takesToken(channel))
        throw invalidFields([{ field: 'token', message: 'token has no place: this channel takes none' }]);
      const found = await manager.findOneBy(ChannelChoice, { tenantId, userId, channelId: id });
      const fresh = { id: newId(), tenantId, userId, channelId: id };
      const choice = found ?? manager.create(ChannelChoice, fresh);
      const { enabled, token } = input;
      if (enabled !== undefined) choice.enabled = enabled;
      if (token !== undefined)
        choice.ciphertext =
          token === null ? null : this.box.seal(token, OWN_TOKEN.contextOf(tenantId, choice.id));
      await manager.save(ChannelChoice, choice);
    });
    const found = (await this.listChannels(caller)).find(({ channel }) => channel.id === id);
    if (!found) throw new NotFoundError(`No notification channel ${id}`);
    return found;
  }

  private unset({ tenantId, userId }: UserCaller): NotificationPreference {
    return this.dataSource.getRepository(NotificationPreference).create({
      tenantId,
      userId,
      language: null,
      timeZone: 'UTC',
      quietFrom: null,
      quietTo: null,
      quietDays: [...EVERY_DAY],
    });
  }
}

/** @throws {InvalidInputError} */
function requireSound({ time_zone: timeZone, quiet_hours: quiet }: UpdatePreferencesDto): void {
  if (timeZone !== undefined && !isTimeZone(timeZone))
    throw invalidFields([
      { field: 'time_zone', message: 'time_zone must be an IANA name such as Asia/Shanghai' },
    ]);
  if (quiet && quiet.from === quiet.to)
    throw invalidFields([
      { field: 'quiet_hours.to', message: 'quiet_hours.to must be another time than from' },
    ]);
}

function columnsOf(input: UpdatePreferencesDto): Partial<NotificationPreference> {
  const { language, time_zone: timeZone, quiet_hours: quiet } = input;
  const hours =
    quiet === undefined
      ? {}
      : {
          quietFrom: quiet?.from ?? null,
          quietTo: quiet?.to ?? null,
          quietDays: [...(quiet?.days ?? EVERY_DAY)].toSorted((a, b) => a - b),
        };
  const columns = { language, timeZone, ...hours };
  return given(columns);
}

function takesToken({ kind, settings }: NotificationChannel): boolean {
  return kind === 'form' && (settings as FormSettings).url.includes('{token}');
}

/** One change of a person's at a time: rows that are not there yet cannot be locked. */
async function lockUser(manager: EntityManager, id: string): Promise<void> {
  await manager.query('SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE', [id]);
}
