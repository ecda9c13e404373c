import { Body, Controller, Delete, Get, HttpStatus, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { IsUUID } from 'class-validator';
import { CurrentCaller, InPerson, Requires } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import { changed, ok } from '../../platform/rest/envelope.js';
import { ApiChange, ApiDataList, ApiFailures, IdParam } from '../../platform/rest/rest.dto.js';
import { OidcIdentities } from './oidc-identities.service.js';
import type { OidcIdentity } from './oidc-identity.entity.js';
import { IdentityDto, LinkIdentityDto } from './oidc-providers.dto.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, CREATED } = HttpStatus;

class UserIdentityParam extends IdParam {
  @ApiProperty({ format: 'uuid' })
  @IsUUID()
  identityId: string;
}

@ApiTags('users')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN, BAD_REQUEST, NOT_FOUND)
@Controller('api/v1/admin/users/:id/identities')
export class OidcIdentitiesController {
  constructor(private readonly identities: OidcIdentities) {}

  @Get()
  @Requires('users.read')
  @ApiOperation({ summary: "A person's accounts at outside providers" })
  @ApiDataList(IdentityDto)
  async list(@Param() { id }: IdParam) {
    return ok((await this.identities.list(id)).map(toIdentityDto));
  }

  @Post()
  @Requires('users.write')
  @InPerson()
  @ApiOperation({
    summary: 'Link an account at an outside provider',
    description: 'They can sign in with it then.',
  })
  @ApiChange(IdentityDto, CREATED)
  @ApiFailures(CONFLICT)
  async link(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam, @Body() body: LinkIdentityDto) {
    return changed(toIdentityDto(await this.identities.link(caller, id, body)), 'Linked');
  }

  @Delete(':identityId')
  @Requires('users.write')
  @InPerson()
  @ApiOperation({ summary: 'Unlink an account at an outside provider' })
  @ApiChange(null)
  async unlink(@CurrentCaller() caller: UserCaller, @Param() { id, identityId }: UserIdentityParam) {
    await this.identities.unlink(caller, id, identityId);
    return changed(null, 'Unlinked');
  }
}

function toIdentityDto({ id, issuer, subject, createdAt }: OidcIdentity): IdentityDto {
  return { id, issuer, subject, created_at: createdAt.toISOString() };
}
