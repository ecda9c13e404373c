import { Injectable, type OnModuleInit } from '@nestjs/common';
import { validate as isUuid } from 'uuid';
import type { UserCaller } from '../access/caller.js';
import { isAllowed } from '../access/permissions.js';
import { ForbiddenError, InvalidInputError } from '../platform/errors.js';
import { LiveCommands } from '../messaging/live/live-commands.js';
import type { ClaimDto } from './claims.dto.js';
import { ClaimsReader } from './claims-reader.js';
import { ClaimsService } from './claims.service.js';

/** `claim_customer` over the socket: the same as the route, answered on the same connection. */
@Injectable()
export class ClaimCommand implements OnModuleInit {
  constructor(
    private readonly commands: LiveCommands,
    private readonly claims: ClaimsService,
    private readonly reader: ClaimsReader,
  ) {}

  onModuleInit(): void {
    this.commands.register('claim_customer', (caller, { claim_id: id }) => this.claim(caller, id));
  }

  private async claim(caller: UserCaller, id: unknown): Promise<ClaimDto> {
    if (!isAllowed(caller, 'consultants.claim') || caller.secondFactorMissing)
      throw new ForbiddenError('You may not claim customers');
    if (typeof id !== 'string' || !isUuid(id))
      throw new InvalidInputError('claim_id must be the id that came with the customer');
    return this.reader.view(await this.claims.claim(caller, id));
  }
}
