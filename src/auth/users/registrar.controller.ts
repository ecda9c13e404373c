import { Body, Controller, HttpStatus, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import { changed } from '../../platform/rest/envelope.js';
import { ApiChange, ApiFailures } from '../../platform/rest/rest.dto.js';
import { RegisterForDto, RegisteredDto } from './registration.dto.js';
import { RegistrarService } from './registrar.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, CONFLICT, TOO_MANY_REQUESTS, CREATED } = HttpStatus;

@ApiTags('registration')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin/registrations')
export class RegistrarController {
  constructor(private readonly registrar: RegistrarService) {}

  @Post()
  @Requires('customers.register')
  @ApiOperation({
    summary: "Register a customer, from your tenant's own backend",
    description:
      'With a personal access token that has the scope customers.register and nothing else. The limit is that of the tenant, ' +
      'not of the address; the only role is customer, and the address counts as proven.',
  })
  @ApiChange(RegisteredDto, CREATED)
  @ApiFailures(BAD_REQUEST, CONFLICT, TOO_MANY_REQUESTS)
  async register(@CurrentCaller() caller: UserCaller, @Body() body: RegisterForDto) {
    return changed(await this.registrar.register(caller, body), 'Customer registered');
  }
}
