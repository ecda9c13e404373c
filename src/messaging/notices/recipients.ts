import { Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import { User } from '../../access/user.entity.js';
import { ChannelChoice } from '../channels/channel-choice.entity.js';
import type { PlannedPerson } from './delivery-plan.js';
import { NotificationPreference } from './notification-preference.entity.js';
import { PushSubscription } from '../channels/push-subscription.entity.js';

/** A person to be told, with what they decided about it. */
export type Recipient = PlannedPerson & {
  readonly user: User;
  /** Null: nothing was decided. */
  readonly preference: NotificationPreference | null;
};

/** People of a tenant as recipients. */
@Injectable()
export class Recipients {
  /** Those of the given users who are there and enabled. */
  async find(manager: EntityManager, tenantId: string, ids: readonly string[]): Promise<Recipient[]> {
    return this.ofUsers(
      manager,
      tenantId,
      await manager.findBy(User, { tenantId, id: In([...new Set(ids)]), enabled: true }),
    );
  }

  /** Also for one who is not enabled: an account whose address is to be proven. */
  async ofUser(manager: EntityManager, user: User): Promise<Recipient> {
    const [recipient] = await this.ofUsers(manager, user.tenantId, [user]);
    return recipient;
  }

  private async ofUsers(
    manager: EntityManager,
    tenantId: string,
    users: readonly User[],
  ): Promise<Recipient[]> {
    const whose = { tenantId, userId: In(users.map(({ id }) => id)) };
    const [preferences, choices, browsers] = [
      await manager.findBy(NotificationPreference, whose),
      await manager.findBy(ChannelChoice, whose),
      await manager.find(PushSubscription, { where: whose, select: { id: true, userId: true } }),
    ];
    const preferenceOf = new Map(preferences.map((preference) => [preference.userId, preference]));
    const hasBrowser = new Set(browsers.map(({ userId }) => userId));
    const choicesOf = new Map<string, ChannelChoice[]>(users.map(({ id }) => [id, []]));
    for (const choice of choices) choicesOf.get(choice.userId)?.push(choice);
    return users.map((user) => {
      const own = choicesOf.get(user.id) ?? [];
      return {
        id: user.id,
        user,
        preference: preferenceOf.get(user.id) ?? null,
        offChannels: new Set(own.filter(({ enabled }) => !enabled).map(({ channelId }) => channelId)),
        ownAddresses: new Set(
          own.filter(({ ciphertext }) => ciphertext !== null).map(({ channelId }) => channelId),
        ),
        hasBrowser: hasBrowser.has(user.id),
      };
    });
  }
}
