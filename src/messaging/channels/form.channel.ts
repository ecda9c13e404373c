import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { fillVariables } from '../../platform/text-variables.js';
import { Channel, DeliveryFailure, type Outgoing, type Receipt } from './channel.js';
import type { FormSettings } from './channel-settings.js';
import { post, requireSuccess } from './outgoing-http.js';

const TOKEN = '{token}';
/** As services in the manner of IYUU and ServerChan take them. */
const DEFAULT_FIELDS = { text: '{{title}}', desp: '{{body}}\n\n{{link}}' };

/** Posts a form to a URL that holds a token. */
@Injectable()
export class FormChannel extends Channel<'form'> {
  readonly kind = 'form';

  constructor(private readonly config: Config) {
    super();
  }

  async deliver(outgoing: Outgoing<'form'>): Promise<Receipt> {
    const { settings, signal, recipient, ownToken, secrets } = outgoing;
    const token = recipient === null ? secrets.token : ownToken;
    const answer = await post({
      url: urlOf(settings.url, token ?? null),
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body: Buffer.from(formOf(outgoing)),
      signal,
      privateNetworks: this.config.env.NOTIFICATION_PRIVATE_NETWORKS,
    });
    requireSuccess(answer);
    if (!tellsSuccess(settings, answer.text))
      throw new DeliveryFailure(`The service answered ${answer.status}, and that it did not take it`, {
        isTemporary: false,
        status: answer.status,
      });
    return { status: answer.status, note: null };
  }
}

function urlOf(template: string, token: string | null): string {
  if (!template.includes(TOKEN)) return template;
  if (token === null) throw new DeliveryFailure('There is no token', { isTemporary: false });
  return template.replaceAll(TOKEN, () => encodeURIComponent(token));
}

function formOf({ settings, text, notice, deliveryId }: Outgoing<'form'>): string {
  const values = new Map([
    ['title', text.title],
    ['body', text.body],
    ['link', notice.link ?? ''],
    ['id', deliveryId],
  ]);
  const fields = Object.entries(settings.fields ?? DEFAULT_FIELDS);
  const fill = (field: string) => fillVariables(field, (name) => values.get(name));
  return new URLSearchParams(
    fields.map(([name, field]): [string, string] => [name, fill(field).trim()]),
  ).toString();
}

function tellsSuccess({ success_field: field, success_value: value }: FormSettings, text: string): boolean {
  if (field === undefined) return true;
  try {
    const answer = JSON.parse(text) as Record<string, unknown> | null;
    return JSON.stringify(answer?.[field])?.replaceAll(/^"|"$/g, '') === (value ?? '');
  } catch {
    return false;
  }
}
