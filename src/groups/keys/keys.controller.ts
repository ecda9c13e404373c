import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires, ShowsSecret } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import type { InFlight } from '../../platform/replicas/change-bus.js';
import { changed, ok, pageOf } from '../../platform/rest/envelope.js';
import { ApiInFlight, InFlightParam } from '../../platform/rest/in-flight.js';
import { IfMatch, type ReadVersions } from '../../platform/rest/preconditions.js';
import {
  ApiChange,
  ApiData,
  ApiDataList,
  ApiFailures,
  ApiPage,
  IdParam,
} from '../../platform/rest/rest.dto.js';
import type { GroupKey } from './group-key.entity.js';
import { GroupKeysService, type ShownKey } from './group-keys.service.js';
import {
  CreateKeyDto,
  KeyDto,
  KeyQueryDto,
  KeyUserDto,
  RevealedKeyDto,
  RotateKeyDto,
  UpdateKeyDto,
} from './keys.dto.js';
import { keyFault } from './key-state.js';
import { KeysService } from './keys.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, PRECONDITION_FAILED, CREATED, OK } =
  HttpStatus;

@ApiTags('keys')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin')
export class KeysController {
  constructor(
    private readonly keys: KeysService,
    private readonly shown: GroupKeysService,
  ) {}

  @Get('groups/:id/keys')
  @Requires('keys.read')
  @ApiOperation({ summary: 'The keys of a group, oldest first, without the keys themselves' })
  @ApiPage(KeyDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async list(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam, @Query() query: KeyQueryDto) {
    const page = await this.keys.list(caller, id, query);
    return pageOf({ ...page, items: page.items.map(toKeyDto) });
  }

  @Post('groups/:id/keys')
  @ShowsSecret()
  @Requires('keys.write')
  @ApiOperation({ summary: 'Make another key for a group' })
  @ApiChange(RevealedKeyDto, CREATED)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async create(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam, @Body() body: CreateKeyDto) {
    return changed(toRevealedKeyDto(await this.keys.create(caller, id, body)), 'Key made');
  }

  @Get('keys/:id')
  @Requires('keys.read')
  @ApiOperation({ summary: 'One key, without the key itself' })
  @ApiData(KeyDto)
  @ApiFailures(NOT_FOUND)
  async get(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(toKeyDto(await this.keys.get(caller, id)));
  }

  @Put('keys/:id')
  @Requires('keys.write')
  @ApiInFlight()
  @ApiOperation({
    summary: 'Change what a key is called, may do and until when',
  })
  @ApiChange(KeyDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT, PRECONDITION_FAILED)
  async update(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() body: UpdateKeyDto,
    @IfMatch() ifMatch?: ReadVersions,
    @InFlightParam() inFlight?: InFlight,
  ) {
    return changed(toKeyDto(await this.keys.update(caller, id, body, { ifMatch, inFlight })), 'Key changed');
  }

  @Post('keys/:id/reveal')
  @ShowsSecret()
  @Requires('keys.reveal')
  @HttpCode(OK)
  @ApiOperation({ summary: 'Show the key itself', description: 'Every showing is on record.' })
  @ApiData(RevealedKeyDto)
  @ApiFailures(NOT_FOUND)
  async reveal(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(toRevealedKeyDto(await this.shown.reveal(caller, id)));
  }

  @Post('keys/:id/rotate')
  @ShowsSecret()
  @Requires('keys.write')
  @HttpCode(OK)
  @ApiInFlight()
  @ApiOperation({
    summary: 'Replace a key',
    description: 'The new one works at once; the old one until the overlap is over. See who still uses it.',
  })
  @ApiChange(RevealedKeyDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT, PRECONDITION_FAILED)
  async rotate(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() { overlap_seconds: overlap = 0 }: RotateKeyDto,
    @IfMatch() ifMatch?: ReadVersions,
    @InFlightParam() inFlight?: InFlight,
  ) {
    const shown = await this.keys.rotate(caller, id, overlap, { ifMatch, inFlight });
    return changed(toRevealedKeyDto(shown), 'Key replaced');
  }

  @Delete('keys/:id')
  @Requires('keys.write')
  @ApiInFlight()
  @ApiOperation({
    summary: 'Revoke a key',
    description: 'It stops working at once, everywhere. Its row stays, for the record.',
  })
  @ApiChange(KeyDto)
  @ApiFailures(NOT_FOUND, PRECONDITION_FAILED)
  async revoke(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @IfMatch() ifMatch?: ReadVersions,
    @InFlightParam() inFlight?: InFlight,
  ) {
    return changed(toKeyDto(await this.keys.revoke(caller, id, { ifMatch, inFlight })), 'Key revoked');
  }

  @Get('keys/:id/usage')
  @Requires('keys.read')
  @ApiOperation({ summary: 'Who has called with a key within 30 days, latest first (at most 100)' })
  @ApiDataList(KeyUserDto)
  @ApiFailures(NOT_FOUND)
  async listUsers(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    const users = await this.keys.listUsers(caller, id);
    return ok(users.map((user) => ({ ...user, last_call_at: user.last_call_at.toISOString() })));
  }
}

function toKeyDto(key: GroupKey): KeyDto {
  return {
    id: key.id,
    group_id: key.groupId,
    name: key.name,
    owner: key.owner,
    app_id: key.appId,
    prefix: key.prefix,
    status: key.status,
    usable: keyFault(key) === null,
    decoy: key.isDecoy,
    allowed_networks: key.allowedNetworks,
    tools: key.toolNames,
    limits: key.limits,
    expires_at: key.expiresAt?.toISOString() ?? null,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
    version: key.version,
    created_at: key.createdAt.toISOString(),
  };
}

function toRevealedKeyDto({ key, row }: ShownKey): RevealedKeyDto {
  return Object.assign(toKeyDto(row), { api_key: key });
}
