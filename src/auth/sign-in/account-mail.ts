import { Injectable } from '@nestjs/common';

type Check = (tenantId: string) => Promise<boolean>;

/** Knows whether a tenant's people can be reached by mail. Whoever sends the mail says so: it knows this folder, and not the reverse. */
@Injectable()
export class AccountMailService {
  private check: Check = async () => false;

  /** Call it in `onModuleInit`. */
  provide(check: Check): void {
    this.check = check;
  }

  isSetUp(tenantId: string): Promise<boolean> {
    return this.check(tenantId);
  }
}
