import { cutText } from '../../platform/cut-text.js';
import { isSecretName } from '../../platform/secrets/secret-names.js';
import { replaceSecrets } from '../../platform/secrets/redact.js';
import type { UpstreamTarget } from './upstream-settings.js';

/** Settings whose secrets have a name, and those secrets. */
export type Separated = {
  readonly target: UpstreamTarget;
  readonly secrets: Readonly<Record<string, string>>;
};

/**
 * Takes what looks like a secret out of settings and puts `${NAME}` in its place, so that it is kept sealed: files of other programs hold tokens
 * in the open.
 */
export function separateSecrets(target: UpstreamTarget): Separated {
  const secrets: Record<string, string> = {};
  const name = (wanted: string, value: string) => {
    const usable = wanted.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');
    const base = cutText(/^[A-Z_]/.test(usable) ? usable : `_${usable}`, 50);
    let free = base;
    for (let number = 2; free in secrets && secrets[free] !== value; number++) free = `${base}_${number}`;
    secrets[free] = value;
    return `\${${free}}`;
  };
  const separate = (texts: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(texts).map(([key, value]) => {
        const isNamed = isSecretName(key) && value !== '' && !value.includes('${');
        return [key, isNamed || isSecret(value) ? name(key, value) : value];
      }),
    );
  const { command, args, env, cwd, url, headers } = target;
  return {
    target: {
      command,
      cwd,
      args: args.map((value, index) => (isSecret(value) ? name(`ARGUMENT_${index + 1}`, value) : value)),
      env: separate(env),
      headers: separate(headers),
      url: url !== null && (isSecret(url) || hasSecretQuery(url)) ? name('URL', url) : url,
    },
    secrets,
  };
}

function hasSecretQuery(text: string): boolean {
  if (text.includes('${') || !URL.canParse(text)) return false;
  const { searchParams, password } = new URL(text);
  return password !== '' || [...searchParams.keys()].some((key) => isSecretName(key));
}

function isSecret(value: string): boolean {
  return !value.includes('${') && replaceSecrets(value, '') !== value;
}
