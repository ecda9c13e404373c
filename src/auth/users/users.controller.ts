import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { IsUUID } from 'class-validator';
import { CurrentCaller, InPerson, Requires, ShowsSecret } from '../../access/access.js';
import { SessionDto, toSessionDto } from '../sign-in/account.dto.js';
import type { UserCaller } from '../../access/caller.js';
import { changed, ok, pageOf } from '../../platform/rest/envelope.js';
import { IfMatch, type ReadVersions } from '../../platform/rest/preconditions.js';
import {
  ApiChange,
  ApiData,
  ApiFailures,
  ApiPage,
  IdParam,
  PageQueryDto,
} from '../../platform/rest/rest.dto.js';
import { PersonalTokenDto, toPersonalTokenDto } from '../sign-in/personal-tokens.dto.js';
import { UserAccess } from './user-access.service.js';
import { UserSignInsService } from './user-sign-ins.service.js';
import { toUserDto } from './user-views.js';
import { CreateUserDto, PasswordResetDto, UpdateUserDto, UserDto, UserQueryDto } from './users.dto.js';
import { UsersService } from './users.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, PRECONDITION_FAILED, CREATED, OK } =
  HttpStatus;

class UserTokenParam extends IdParam {
  @ApiProperty({ format: 'uuid' })
  @IsUUID()
  tokenId: string;
}

class UserSessionParam extends IdParam {
  @ApiProperty({ format: 'uuid' })
  @IsUUID()
  sessionId: string;
}

@ApiTags('users')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin/users')
export class UsersController {
  constructor(
    private readonly users: UsersService,
    private readonly access: UserAccess,
    private readonly signIns: UserSignInsService,
  ) {}

  @Get()
  @Requires('users.read')
  @ApiOperation({ summary: "The tenant's people, oldest first" })
  @ApiPage(UserDto)
  @ApiFailures(BAD_REQUEST)
  async list(@Query() query: UserQueryDto) {
    const page = await this.users.list(query);
    return pageOf({ ...page, items: page.items.map(toUserDto) });
  }

  @Post()
  @Requires('users.write')
  @InPerson()
  @ApiOperation({ summary: 'Make a person', description: 'Nobody gives a role above their own.' })
  @ApiChange(UserDto, CREATED)
  @ApiFailures(BAD_REQUEST, CONFLICT)
  async create(@CurrentCaller() caller: UserCaller, @Body() body: CreateUserDto) {
    return changed(toUserDto(await this.users.create(caller, body)), 'User created');
  }

  @Get(':id')
  @Requires('users.read')
  @ApiOperation({ summary: 'One person' })
  @ApiData(UserDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async get(@Param() { id }: IdParam) {
    return ok(toUserDto(await this.users.get(id)));
  }

  @Put(':id')
  @Requires('users.write')
  @InPerson()
  @ApiOperation({
    summary: 'Change a person',
    description:
      'Disabling ends all sign-ins and tokens at once. The tenant keeps at ' +
      'least one enabled owner, and nobody disables themselves.',
  })
  @ApiChange(UserDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT, PRECONDITION_FAILED)
  async update(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() body: UpdateUserDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    return changed(toUserDto(await this.users.update(caller, id, body, ifMatch)), 'User changed');
  }

  @Delete(':id')
  @Requires('users.write')
  @InPerson()
  @ApiOperation({
    summary: 'Delete a person',
    description: 'All that is theirs goes with them; call and audit records stay.',
  })
  @ApiChange(null)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT, PRECONDITION_FAILED)
  async delete(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    await this.users.delete(caller, id, ifMatch);
    return changed(null, 'User deleted');
  }

  @Post(':id/reset-password')
  @ShowsSecret()
  @Requires('users.write')
  @InPerson()
  @HttpCode(OK)
  @ApiOperation({
    summary: 'A one-time token to set a new password with',
    description: 'Shown once. The old password works until the token is used.',
  })
  @ApiChange(PasswordResetDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async resetPassword(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return changed(await this.access.resetPassword(caller, id), 'Give the token to the person');
  }

  @Delete(':id/second-factor')
  @Requires('users.write')
  @InPerson()
  @ApiOperation({ summary: "Take a person's second factor away", description: 'For a lost phone.' })
  @ApiChange(null)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async resetSecondFactor(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    await this.access.resetSecondFactor(caller, id);
    return changed(null, 'The second factor is off');
  }

  @Get(':id/sessions')
  @Requires('users.read')
  @ApiOperation({ summary: 'Where a person is signed in, newest first' })
  @ApiPage(SessionDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async listSessions(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Query() query: PageQueryDto,
  ) {
    const page = await this.signIns.listSessions(id, query);
    return pageOf({ ...page, items: page.items.map((session) => toSessionDto(session, caller.sessionId)) });
  }

  @Delete(':id/sessions')
  @Requires('users.write')
  @InPerson()
  @ApiOperation({
    summary: "End all of a person's sign-ins",
    description: 'Their tokens stop at once, personal access tokens, too.',
  })
  @ApiChange(null)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async endSessions(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    await this.signIns.endSessions(caller, id);
    return changed(null, 'All sign-ins and tokens have ended');
  }

  @Delete(':id/sessions/:sessionId')
  @Requires('users.write')
  @InPerson()
  @ApiOperation({ summary: "End one of a person's sign-ins", description: 'Its tokens stop at once.' })
  @ApiChange(null)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async endSession(@CurrentCaller() caller: UserCaller, @Param() { id, sessionId }: UserSessionParam) {
    await this.signIns.endSession(caller, id, sessionId);
    return changed(null, 'The sign-in has ended');
  }

  @Get(':id/tokens')
  @Requires('users.read')
  @ApiOperation({
    summary: "A person's personal access tokens, oldest first",
    description: 'Never the tokens themselves.',
  })
  @ApiPage(PersonalTokenDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async listTokens(@Param() { id }: IdParam, @Query() query: PageQueryDto) {
    const page = await this.signIns.listTokens(id, query);
    return pageOf({ ...page, items: page.items.map(toPersonalTokenDto) });
  }

  @Delete(':id/tokens/:tokenId')
  @Requires('users.write')
  @InPerson()
  @ApiOperation({
    summary: "Revoke a person's personal access token",
    description: 'It stops working at once.',
  })
  @ApiChange(null)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async revokeToken(@CurrentCaller() caller: UserCaller, @Param() { id, tokenId }: UserTokenParam) {
    await this.signIns.revokeToken(caller, id, tokenId);
    return changed(null, 'Token revoked');
  }
}
