import { Body, Controller, Delete, Get, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ok, pageOf } from '../../platform/rest/envelope.js';
import { ApiData, ApiFailures, ApiPage, IdParam, PageQueryDto } from '../../platform/rest/rest.dto.js';
import { CurrentCaller, ShowsSecret, SignedIn } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import {
  CreatedPersonalTokenDto,
  CreatePersonalTokenDto,
  PersonalTokenDto,
  toPersonalTokenDto,
} from './personal-tokens.dto.js';
import { PersonalTokens } from './personal-tokens.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, CREATED } = HttpStatus;

@ApiTags('own account')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/auth/tokens')
export class PersonalTokensController {
  constructor(private readonly tokens: PersonalTokens) {}

  @Get()
  @SignedIn()
  @ApiOperation({ summary: 'Your personal access tokens, oldest first' })
  @ApiPage(PersonalTokenDto)
  @ApiFailures(BAD_REQUEST)
  async list(@CurrentCaller() caller: UserCaller, @Query() query: PageQueryDto) {
    const page = await this.tokens.list(caller.userId, query);
    return pageOf({ ...page, items: page.items.map(toPersonalTokenDto) });
  }

  @Post()
  @ShowsSecret()
  @SignedIn()
  @ApiOperation({
    summary: 'Make a personal access token',
    description:
      'For scripts: send it as Bearer. It can do what its scopes say, and never more than you can.',
  })
  @ApiData(CreatedPersonalTokenDto, CREATED)
  @ApiFailures(BAD_REQUEST, CONFLICT)
  async create(@CurrentCaller() caller: UserCaller, @Body() body: CreatePersonalTokenDto) {
    const { row, token } = await this.tokens.create(caller, body);
    return ok(Object.assign(toPersonalTokenDto(row), { token }), 'Token made; it is not shown again');
  }

  @Delete(':id')
  @SignedIn()
  @ApiOperation({ summary: 'Revoke a personal access token', description: 'It stops working at once.' })
  @ApiData(null)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async revoke(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    await this.tokens.revoke(caller, caller.userId, id);
    return ok(null, 'Token revoked');
  }
}
