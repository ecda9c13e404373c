import { ECDH } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { hashOf } from '../../platform/secrets/secure-token.js';
import type { UserCaller } from '../../access/caller.js';
import { ConflictError, NotFoundError } from '../../platform/errors.js';
import { newId } from '../../platform/new-id.js';
import { SecretBox } from '../../platform/secrets/secret-box.js';
import { invalidFields } from '../../platform/rest/validation.js';
import { Config } from '../../platform/config.js';
import { SUBSCRIPTION } from './channel-secrets.js';
import { findEndpointProblem } from './endpoint-rules.js';
import type { SubscribeDto } from '../notices/own-notifications.dto.js';
import { PushSubscription } from './push-subscription.entity.js';
import { cutText } from '../../platform/cut-text.js';

const PER_USER_MAX = 20;

/** As the browser gave it. */
export type OpenSubscription = {
  readonly id: string;
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
};

/** The browsers that people let us push to. */
@Injectable()
export class PushSubscriptions {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly box: SecretBox,
    private readonly config: Config,
  ) {}

  /** Oldest first. */
  list({ tenantId, userId }: UserCaller): Promise<PushSubscription[]> {
    return this.dataSource
      .getRepository(PushSubscription)
      .find({ where: { tenantId, userId }, order: { id: 'ASC' } });
  }

  /** One that is there already becomes the caller's: a browser has one endpoint, whoever uses it. */
  async add(caller: UserCaller, input: SubscribeDto, userAgent: string | null): Promise<PushSubscription> {
    const problem = findEndpointProblem(input.endpoint, this.config.env.NOTIFICATION_PRIVATE_NETWORKS);
    if (problem !== null) throw invalidFields([{ field: 'endpoint', message: `endpoint ${problem}` }]);
    if (!isPoint(input.keys.p256dh))
      throw invalidFields([
        { field: 'keys.p256dh', message: 'must be an uncompressed P-256 point in base64url' },
      ]);
    const { tenantId, userId } = caller;
    const { endpoint, keys } = input;
    const endpointHash = hashOf(endpoint);
    return this.dataSource.transaction(async (manager) => {
      await manager.query('SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE', [userId]);
      await manager.delete(PushSubscription, { tenantId, endpointHash });
      if ((await manager.countBy(PushSubscription, { tenantId, userId })) >= PER_USER_MAX)
        throw new ConflictError(`You have ${PER_USER_MAX} browsers already; remove one first`);
      const id = newId();
      const sealed = JSON.stringify({ endpoint, keys: { p256dh: keys.p256dh, auth: keys.auth } });
      const ciphertext = this.box.seal(sealed, SUBSCRIPTION.contextOf(tenantId, id));
      const about = {
        host: new URL(endpoint).hostname,
        userAgent: userAgent === null ? null : cutText(userAgent, 300),
      };
      const row = { id, tenantId, userId, endpointHash, ciphertext, ...about };
      return manager.save(PushSubscription, manager.create(PushSubscription, row));
    });
  }

  /** @throws {NotFoundError} Not there, or another person's. */
  async removeOwn({ tenantId, userId }: UserCaller, id: string): Promise<void> {
    const { affected } = await this.dataSource
      .getRepository(PushSubscription)
      .delete({ id, tenantId, userId });
    if (affected === 0) throw new NotFoundError(`No subscription ${id}`);
  }

  /** The push service does not know it any more. */
  async remove(manager: EntityManager, id: string): Promise<void> {
    await manager.delete(PushSubscription, { id });
  }

  async open(tenantId: string, userId: string): Promise<OpenSubscription[]> {
    const rows = await this.dataSource
      .getRepository(PushSubscription)
      .find({ where: { tenantId, userId }, order: { id: 'ASC' } });
    return rows.map(({ id, ciphertext }) => {
      const opened = JSON.parse(this.box.open(ciphertext, SUBSCRIPTION.contextOf(tenantId, id))) as Omit<
        OpenSubscription,
        'id'
      >;
      return { id, ...opened };
    });
  }
}

/** Whether it lies on the curve: one that does not could never be pushed to. */
function isPoint(text: string): boolean {
  try {
    const point = Buffer.from(text, 'base64url');
    ECDH.convertKey(point, 'prime256v1');
    return point.length === 65;
  } catch {
    return false;
  }
}
