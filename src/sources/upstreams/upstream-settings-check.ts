import { Injectable } from '@nestjs/common';
import type { AdminCaller } from '../../access/caller.js';
import { Config } from '../../platform/config.js';
import { ForbiddenError } from '../../platform/errors.js';
import { given } from '../../platform/rest/given.js';
import { invalidFields } from '../../platform/rest/validation.js';
import { VARIABLE_NAME } from './expand-variables.js';
import { separateSecrets } from './secret-looking.js';
import { addressProblems, settingsProblems } from './upstream-checks.js';
import type { UpstreamTarget } from './upstream-settings.js';
import { type UpstreamSecrets, UpstreamTargetReader } from './upstream-target.js';
import type { Upstream } from './upstream.entity.js';
import type { UpdateUpstreamDto } from './upstreams.dto.js';

const SECRETS_MAX = 100;
const SECRET_MAX = 8192; // characters

/** Makes columns of what an administrator asks for: checked as a whole, its secrets sealed. */
@Injectable()
export class UpstreamSettingsCheck {
  constructor(
    private readonly targets: UpstreamTargetReader,
    private readonly config: Config,
  ) {}

  /** What is absent stays as it is. @throws {InvalidInputError} @throws {ForbiddenError} No programs for this tenant. */
  settle(caller: AdminCaller, row: Upstream, input: UpdateUpstreamDto): Partial<Upstream> {
    const { name, description, policy, enabled, transport = row.transport } = input;
    if (transport === 'stdio') this.requirePrograms(caller);
    const asked: UpstreamTarget = {
      command: input.command === undefined ? row.command : input.command,
      args: input.args ?? row.args,
      env: input.env ?? row.env,
      cwd: input.cwd === undefined ? row.cwd : input.cwd,
      url: input.url === undefined ? row.url : input.url,
      headers: input.headers ?? row.headers,
    };
    const problems = [...settingsProblems(transport, asked), ...secretProblems(input.secrets ?? {})];
    if (problems.length > 0) throw invalidFields(problems);
    const { target, secrets: found } = separateSecrets(asked);
    const secrets = merged({ ...this.targets.secretsOf(row), ...found }, input.secrets ?? {});
    const { UPSTREAM_PRIVATE_NETWORKS: privateNetworks } = this.config.env;
    const wrong = addressProblems(transport, this.targets.targetOf(target, secrets), privateNetworks);
    if (wrong.length > 0) throw invalidFields(wrong);
    const ciphertext = this.targets.seal(row.tenantId, row.id, secrets);
    const { args, ...others } = target;
    return {
      ...given({ name, description, policy, enabled, transport }),
      ...others,
      args: [...args],
      ciphertext,
    };
  }

  private requirePrograms(caller: AdminCaller): void {
    const { UPSTREAM_STDIO: whose } = this.config.env;
    const isOperator = caller.kind !== 'user' || caller.isOperatingTenant;
    if (whose === 'all' || (whose === 'operating' && isOperator)) return;
    throw new ForbiddenError(
      'Programs may not be started for your tenant (UPSTREAM_STDIO); use a server with a URL',
    );
  }
}

function merged(kept: UpstreamSecrets, asked: Readonly<Record<string, string | null>>): UpstreamSecrets {
  const all = Object.entries({ ...kept, ...asked });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== null));
}

function secretProblems(secrets: Readonly<Record<string, unknown>>): { field: string; message: string }[] {
  const names = Object.keys(secrets);
  if (names.length > SECRETS_MAX)
    return [{ field: 'secrets', message: `must have at most ${SECRETS_MAX} entries` }];
  return names.flatMap((name) => {
    const value = secrets[name];
    const isFine = value === null || (typeof value === 'string' && value.length <= SECRET_MAX);
    return VARIABLE_NAME.test(name) && isFine
      ? []
      : [{ field: `secrets.${name}`, message: 'must be a text under the name of a variable' }];
  });
}
