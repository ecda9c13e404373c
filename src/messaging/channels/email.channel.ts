import { callbackify } from 'node:util';
import { Injectable } from '@nestjs/common';
import { createTransport, type NodemailerError, type SMTPTransportOptions } from 'nodemailer';
import { connectGuarded, ForbiddenAddressError } from '../../platform/network/guarded-http.js';
import { Config } from '../../platform/config.js';
import { Channel, DeliveryFailure, type Outgoing, type Receipt } from './channel.js';
import type { ChannelSecrets } from './channel-secrets.js';
import type { EmailSettings } from './channel-settings.js';
import { toHtml, toPlainText } from './email-text.js';
import { failureOfConnection } from './outgoing-http.js';

type Reached = { readonly settings: EmailSettings; readonly secrets: ChannelSecrets };

/** E-mail through the tenant's own SMTP server. Each message has a connection of its own. */
@Injectable()
export class EmailChannel extends Channel<'email'> {
  readonly kind = 'email';

  constructor(private readonly config: Config) {
    super();
  }

  async deliver(outgoing: Outgoing<'email'>): Promise<Receipt> {
    const { settings, recipient, text, notice, deliveryId, signal } = outgoing;
    const to = recipient
      ? [{ name: recipient.name, address: recipient.email }]
      : (settings.to ?? []).map((address) => ({ name: '', address }));
    if (to.length === 0)
      throw new DeliveryFailure('The channel has no address to send to', { isTemporary: false });
    const transport = createTransport(this.optionsOf(outgoing));
    try {
      const sent = await transport.sendMail({
        from: { name: settings.from_name ?? '', address: settings.from_address },
        to,
        subject: text.title,
        text: toPlainText(text.body, notice.link),
        html: toHtml(text, notice.link),
        // The same for every attempt: many mail servers and readers drop a message that they have.
        messageId: `<${deliveryId}@${domainOf(settings.from_address)}>`,
        date: notice.createdAt,
        headers: { 'Auto-Submitted': 'auto-generated' },
        disableFileAccess: true,
        disableUrlAccess: true,
        signal,
      });
      const refused = sent.rejected.length;
      return {
        status: 250,
        note: refused === 0 ? null : `${refused} of ${to.length} addresses were refused`,
      };
    } catch (error) {
      throw toFailure(error);
    } finally {
      transport.close();
    }
  }

  private optionsOf({ settings, secrets, signal }: Reached & Pick<Outgoing, 'signal'>): SMTPTransportOptions {
    const { host, port, security, user, ca } = settings;
    const timeoutMs = this.config.env.NOTIFICATION_TIMEOUT_MS;
    const { NOTIFICATION_PRIVATE_NETWORKS: privateNetworks } = this.config.env;
    return {
      host,
      port,
      secure: security === 'tls',
      requireTLS: security === 'starttls',
      ignoreTLS: security === 'none',
      ...(user !== undefined && { auth: { user, pass: secrets.password ?? '' } }),
      ...(ca !== undefined && { tls: { ca } }),
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      maxResponseSize: 65_536,
      logger: false,
      // nodemailer's own connecting would look the name up without asking where it leads.
      getSocket: callbackify(async (_options: SMTPTransportOptions) => ({
        connection: await connectGuarded({ host, port, signal, privateNetworks }),
      })),
    };
  }
}

/** Without the server's words, which may hold an address. */
function toFailure(error: unknown): DeliveryFailure {
  if (error instanceof DeliveryFailure || error instanceof ForbiddenAddressError)
    return failureOfConnection(error);
  const { code, responseCode: status, permanent } = error as NodemailerError;
  const isTemporary = permanent === undefined ? code !== 'EAUTH' : !permanent;
  if (code === 'EAUTH')
    return new DeliveryFailure('The mail server refused the user or the password', {
      isTemporary,
      status,
      cause: error,
    });
  if (status !== undefined)
    return new DeliveryFailure(`The mail server answered ${status}`, { isTemporary, status, cause: error });
  if (code === 'ETLS')
    return new DeliveryFailure(
      'The mail server and we did not agree on encryption, or its certificate is not trusted',
      {
        isTemporary: true,
        cause: error,
      },
    );
  if (code === 'EABORT' || code === 'ETIMEDOUT')
    return new DeliveryFailure('No answer in time', { isTemporary: true, cause: error });
  return new DeliveryFailure(`The mail server cannot be reached (${code ?? 'unknown'})`, {
    isTemporary: true,
    cause: error,
  });
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}
