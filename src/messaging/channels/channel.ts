import type { ChannelSecrets } from './channel-secrets.js';
import type { ChannelSettings } from './channel-settings.js';
import type { ChannelKind, Language, NoticeKind } from '../notices/notice.js';

/** Who a delivery goes to; null where it goes to an address of the channel. */
export type Addressee = { readonly id: string; readonly name: string; readonly email: string };

/** One delivery, with all that its channel needs to know. */
export type Outgoing<Kind extends ChannelKind = ChannelKind> = {
  /** The same for every attempt: receivers tell a repetition by it. */
  readonly deliveryId: string;
  readonly tenantId: string;
  readonly settings: ChannelSettings[Kind];
  readonly secrets: ChannelSecrets;
  readonly recipient: Addressee | null;
  /** The recipient's own token at a form service. */
  readonly ownToken: string | null;
  readonly notice: {
    readonly kind: NoticeKind;
    readonly key: string;
    readonly variables: Readonly<Record<string, string>>;
    readonly link: string | null;
    readonly isUrgent: boolean;
    readonly createdAt: Date;
  };
  /** From the template; `title` is one line. */
  readonly text: { readonly title: string; readonly body: string; readonly language: Language };
  readonly signal: AbortSignal;
};

/** That the other side took it. */
export type Receipt = {
  /** HTTP status or SMTP reply code. */
  readonly status: number | null;
  /** What is not as it should be all the same, e.g. that one of several addresses was refused. */
  readonly note: string | null;
};

/** A way to reach people: one provider per kind. Knows how to hand a message over, and nothing of retries, templates or the database. */
export abstract class Channel<Kind extends ChannelKind = ChannelKind> {
  abstract readonly kind: Kind;

  /** @throws {DeliveryFailure} It was not taken. */
  abstract deliver(outgoing: Outgoing<Kind>): Promise<Receipt>;
}

/** Why a message was not taken, without a secret, an address or its text. */
export class DeliveryFailure extends Error {
  constructor(
    message: string,
    readonly about: {
      /** Whether trying again may help. */
      readonly isTemporary: boolean;
      readonly status?: number;
      /** When the other side wants to be asked again. */
      readonly retryAfterMs?: number | undefined;
      readonly cause?: unknown;
    },
  ) {
    super(message, { cause: about.cause });
    this.name = 'DeliveryFailure';
  }
}
