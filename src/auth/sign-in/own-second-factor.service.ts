import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, IsNull, Not } from 'typeorm';
import { invalidFields } from '../../platform/rest/validation.js';
import type { UserCaller } from '../../access/caller.js';
import { PasswordsService } from './passwords.service.js';
import { SecondFactors, type SecondFactorState } from './second-factors.service.js';
import { User } from '../../access/user.entity.js';

/** What people do with their own second factor. A stolen access token is not enough: it also takes the password. */
@Injectable()
export class OwnSecondFactor {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly factors: SecondFactors,
    private readonly passwords: PasswordsService,
  ) {}

  getState(caller: UserCaller): Promise<SecondFactorState> {
    return this.factors.getState(caller);
  }

  async enrol(caller: UserCaller, password?: string): Promise<{ secret: string; uri: string }> {
    await this.requirePassword(caller, password);
    return this.factors.enrol(caller);
  }

  confirm(caller: UserCaller, code: string): Promise<readonly string[]> {
    return this.factors.confirm(caller, code);
  }

  async replaceRecoveryCodes(caller: UserCaller, code: string): Promise<readonly string[]> {
    await this.factors.requireCode(caller, code);
    return this.factors.replaceRecoveryCodes(caller);
  }

  async disable(caller: UserCaller, proof: { password?: string; code: string }): Promise<void> {
    await this.requirePassword(caller, proof.password);
    await this.factors.requireCode(caller, proof.code);
    await this.factors.disable(caller);
  }

  /** People who only sign in with an outside provider have none to give. */
  private async requirePassword(caller: UserCaller, password: string | undefined): Promise<void> {
    if (password !== undefined) {
      await this.passwords.requirePassword(caller, password);
      return;
    }
    const hasPassword = { id: caller.userId, passwordHash: Not(IsNull()) };
    if (await this.dataSource.getRepository(User).existsBy(hasPassword)) {
      throw invalidFields([{ field: 'password', message: 'is needed' }]);
    }
  }
}
