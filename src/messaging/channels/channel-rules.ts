import { originOfUrl } from '../../platform/network/url-origin.js';
import type { FieldProblem } from '../../platform/rest/validation.js';
import type { ChannelSettings, EmailSettings, FormSettings, WebhookSettings } from './channel-settings.js';
import { findHostProblem, findTemplateProblem, findUrlProblem } from './endpoint-rules.js';
import { type Audience, CHANNEL_KINDS, type ChannelKind } from '../notices/notice.js';

const FIELDS_MAX = 20;
const FIELD_NAME_MAX = 100;
const FIELD_TEXT_MAX = 2000;

type Given = { readonly [Kind in ChannelKind]?: object };

export type Checked = {
  readonly kind: ChannelKind;
  readonly audience: Audience;
  readonly settings: object;
  readonly hasToken: boolean;
};

/** Settings of another kind than the channel's, and, when it is made, that its own are missing. */
export function findMisplaced(kind: ChannelKind, given: Given, isNew: boolean): FieldProblem[] {
  const others = CHANNEL_KINDS.filter((other) => other !== kind && given[other] !== undefined);
  const misplaced = others.map((field) => ({
    field,
    message: `${field} does not belong to this kind of channel`,
  }));
  const missing = isNew && given[kind] === undefined;
  return missing
    ? [...misplaced, { field: kind, message: `${kind} must be given: the settings` }]
    : misplaced;
}

/** What class-validator cannot tell: rules over several fields, and where addresses lead. */
export function findChannelProblems(channel: Checked, privateNetworks: boolean): FieldProblem[] {
  const { kind, settings } = channel;
  if (kind === 'webhook')
    return ofUrl('webhook.url', findUrlProblem((settings as WebhookSettings).url, privateNetworks));
  if (kind === 'email') return ofEmail(channel, settings as EmailSettings, privateNetworks);
  if (kind === 'form') return ofForm(channel, settings as FormSettings, privateNetworks);
  return channel.audience === 'team'
    ? [{ field: 'audience', message: 'audience must be each: browsers belong to people' }]
    : [];
}

/** Whether a secret that was given for one place would go to another one. */
export function isElsewhere(kind: ChannelKind, before: object, after: object): boolean {
  if (kind === 'email') {
    const [old, next] = [before as EmailSettings, after as EmailSettings];
    return (
      old.host !== next.host ||
      old.port !== next.port ||
      (old.security !== 'none' && next.security === 'none')
    );
  }
  if (kind !== 'form') return false;
  return originOfForm(before as FormSettings) !== originOfForm(after as FormSettings);
}

function ofUrl(field: string, problem: string | null): FieldProblem[] {
  return problem === null ? [] : [{ field, message: `${field} ${problem}` }];
}

function ofEmail({ audience }: Checked, settings: EmailSettings, privateNetworks: boolean): FieldProblem[] {
  const problems = ofUrl('email.host', findHostProblem(settings.host, privateNetworks));
  if (audience === 'team' && (settings.to ?? []).length === 0)
    problems.push({ field: 'email.to', message: 'email.to must name an address: the audience is the team' });
  if (settings.security === 'none' && settings.user !== undefined)
    problems.push({ field: 'email.user', message: 'email.user would send its password in the clear' });
  return problems;
}

function ofForm(
  { audience, hasToken }: Checked,
  settings: FormSettings,
  privateNetworks: boolean,
): FieldProblem[] {
  const problems = ofUrl('form.url', findTemplateProblem(settings.url, privateNetworks));
  const takesToken = settings.url.includes('{token}');
  if (audience === 'each' && !takesToken)
    problems.push({ field: 'form.url', message: 'form.url must have {token}: each person has their own' });
  if (audience === 'team' && takesToken && !hasToken)
    problems.push({ field: 'form.token', message: 'form.token must be given: the URL names it' });
  return isFormFields(settings.fields)
    ? problems
    : [...problems, { field: 'form.fields', message: 'form.fields must be up to 20 names with a text each' }];
}

function isFormFields(fields: object | undefined): boolean {
  if (fields === undefined) return true;
  const entries = Object.entries(fields) as [string, unknown][];
  const areShort = entries.every(
    ([name, text]) =>
      name.length > 0 &&
      name.length <= FIELD_NAME_MAX &&
      typeof text === 'string' &&
      text.length <= FIELD_TEXT_MAX,
  );
  return entries.length > 0 && entries.length <= FIELDS_MAX && areShort;
}

function originOfForm({ url }: FormSettings): string | null {
  return originOfUrl(url.replaceAll('{token}', 'token'));
}

/** The settings without the secrets that came with them. */
export function withoutSecrets(kind: ChannelKind, given: object): ChannelSettings[ChannelKind] {
  const { password: _password, token: _token, ...settings } = given as { password?: string; token?: string };
  return settings as ChannelSettings[typeof kind];
}
