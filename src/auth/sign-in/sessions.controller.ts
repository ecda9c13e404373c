import { Controller, Delete, Get, HttpStatus, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ok, pageOf } from '../../platform/rest/envelope.js';
import { ApiData, ApiFailures, ApiPage, IdParam, PageQueryDto } from '../../platform/rest/rest.dto.js';
import { CurrentCaller, SignedIn } from '../../access/access.js';
import { SessionDto, toSessionDto } from './account.dto.js';
import type { UserCaller } from '../../access/caller.js';
import { SessionsService } from './sessions.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND } = HttpStatus;

@ApiTags('own account')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/auth/sessions')
export class SessionsController {
  constructor(private readonly sessions: SessionsService) {}

  @Get()
  @SignedIn()
  @ApiOperation({ summary: 'Where you are signed in, newest first' })
  @ApiPage(SessionDto)
  @ApiFailures(BAD_REQUEST)
  async list(@CurrentCaller() caller: UserCaller, @Query() query: PageQueryDto) {
    const page = await this.sessions.list(caller.userId, query);
    return pageOf({ ...page, items: page.items.map((session) => toSessionDto(session, caller.sessionId)) });
  }

  @Delete()
  @SignedIn()
  @ApiOperation({ summary: 'End your sign-ins everywhere but here', description: 'Your tokens end, too.' })
  @ApiData(null)
  async endOthers(@CurrentCaller() caller: UserCaller) {
    await this.sessions.endAll(caller, { userId: caller.userId, name: caller.email }, caller.sessionId);
    return ok(null, 'Your other sign-ins and your tokens have ended');
  }

  @Delete(':id')
  @SignedIn()
  @ApiOperation({ summary: 'End one of your sign-ins', description: 'Its tokens stop working at once.' })
  @ApiData(null)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async end(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    await this.sessions.end(caller, { userId: caller.userId, name: caller.email }, id);
    return ok(null, 'The sign-in has ended');
  }
}
