import type { UpstreamTarget } from './upstream-settings.js';

/** `${NAME}` or `${NAME:-default}`; names as the environment has them. */
const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;
/** Of a secret or variable. */
export const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

export type Expanded = {
  readonly target: UpstreamTarget;
  /** Variables that have no value, by name. */
  readonly unset: readonly string[];
};

/**
 * Puts values in place of `${NAME}` and `${NAME:-default}` in all that an upstream is started or reached with. What a value holds is not
 * looked at again: a secret that looks like a variable stays what it is.
 *
 * @param valueOf A secret of the upstream, or a variable of the environment that tenants may read.
 */
export function expandTarget(
  target: UpstreamTarget,
  valueOf: (name: string) => string | undefined,
): Expanded {
  const unset = new Set<string>();
  const expand = (text: string) =>
    text.replaceAll(VARIABLE, (_match, name: string, fallback: string | undefined) => {
      const value = valueOf(name);
      if (value !== undefined && value !== '') return value;
      if (fallback === undefined) unset.add(name);
      return fallback ?? '';
    });
  const expandAll = (texts: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, expand(text)]));
  const { command, args, env, cwd, url, headers } = target;
  return {
    target: {
      command: command === null ? null : expand(command),
      args: args.map(expand),
      env: expandAll(env),
      cwd: cwd === null ? null : expand(cwd),
      url: url === null ? null : expand(url),
      headers: expandAll(headers),
    },
    unset: [...unset],
  };
}
