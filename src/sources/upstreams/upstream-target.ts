import { tmpdir } from 'node:os';
import { Injectable } from '@nestjs/common';
import { InvalidInputError, UnavailableError } from '../../platform/errors.js';
import { Config, environmentSchema } from '../../platform/config.js';
import { lentVariable } from '../../platform/environment.js';
import { SecretBox } from '../../platform/secrets/secret-box.js';
import { expandTarget } from './expand-variables.js';
import { UPSTREAM_SECRETS, type Upstream } from './upstream.entity.js';
import type { UpstreamTarget } from './upstream-settings.js';

export type UpstreamSecrets = Readonly<Record<string, string>>;

/** Opens what upstreams keep sealed, and puts it where their settings say. */
@Injectable()
export class UpstreamTargetReader {
  constructor(
    private readonly box: SecretBox,
    private readonly config: Config,
  ) {}

  seal(tenantId: string, id: string, secrets: UpstreamSecrets): Buffer | null {
    if (Object.keys(secrets).length === 0) return null;
    return this.box.seal(JSON.stringify(secrets), UPSTREAM_SECRETS.contextOf(tenantId, id));
  }

  /** @throws {UnavailableError} They do not open. */
  secretsOf({ ciphertext, tenantId, id }: Pick<Upstream, 'ciphertext' | 'tenantId' | 'id'>): UpstreamSecrets {
    if (ciphertext === null) return {};
    try {
      return JSON.parse(
        this.box.open(ciphertext, UPSTREAM_SECRETS.contextOf(tenantId, id)),
      ) as UpstreamSecrets;
    } catch (cause) {
      throw new UnavailableError('The stored secrets of the upstream do not open; give them anew', { cause });
    }
  }

  /** @throws {InvalidInputError} Names variables that have no value. */
  targetOf(upstream: UpstreamTarget, secrets: UpstreamSecrets): UpstreamTarget {
    const { target, unset } = expandTarget(upstream, (name) => secrets[name] ?? this.fromEnvironment(name));
    if (unset.length > 0) {
      const names = unset.map((name) => `\${${name}}`).join(', ');
      throw new InvalidInputError(`${names} has no value: give it as a secret of the upstream`, {
        details: unset.map((name) => ({ field: 'secrets', message: `has no ${name}` })),
      });
    }
    return { ...target, cwd: target.cwd ?? tmpdir() };
  }

  private fromEnvironment(name: string): string | undefined {
    const { UPSTREAM_ENVIRONMENT: names = [] } = this.config.env;
    const isOurs = Object.hasOwn(environmentSchema.shape, name);
    return names.includes(name) && !isOurs ? lentVariable(name) : undefined;
  }
}
