import { Body, Controller, Delete, Get, HttpStatus, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, InPerson, Requires } from '../../access/access.js';
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
import { Config } from '../../platform/config.js';
import {
  CreateOidcProviderDto,
  OidcProviderDto,
  toOidcProviderDto,
  UpdateOidcProviderDto,
} from './oidc-providers.dto.js';
import { OidcProvidersService } from './oidc-providers.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, PRECONDITION_FAILED, CREATED } =
  HttpStatus;

@ApiTags('OIDC providers')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin/oidc-providers')
export class OidcProvidersController {
  constructor(
    private readonly providers: OidcProvidersService,
    private readonly config: Config,
  ) {}

  @Get()
  @Requires('users.read')
  @ApiOperation({ summary: 'The outside providers that people sign in with, oldest first' })
  @ApiPage(OidcProviderDto)
  @ApiFailures(BAD_REQUEST)
  async list(@Query() query: PageQueryDto) {
    const page = await this.providers.list(query);
    return pageOf({ ...page, items: page.items.map((row) => toOidcProviderDto(row, this.config.publicUrl)) });
  }

  @Post()
  @Requires('users.write')
  @InPerson()
  @ApiOperation({ summary: 'Set up an outside provider', description: 'It gives no role above your own.' })
  @ApiChange(OidcProviderDto, CREATED)
  @ApiFailures(BAD_REQUEST, CONFLICT)
  async create(@CurrentCaller() caller: UserCaller, @Body() body: CreateOidcProviderDto) {
    const row = await this.providers.create(caller, body);
    return changed(toOidcProviderDto(row, this.config.publicUrl), 'Provider set up');
  }

  @Get(':id')
  @Requires('users.read')
  @ApiOperation({ summary: 'One outside provider' })
  @ApiData(OidcProviderDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async get(@Param() { id }: IdParam) {
    return ok(toOidcProviderDto(await this.providers.get(id), this.config.publicUrl));
  }

  @Put(':id')
  @Requires('users.write')
  @InPerson()
  @ApiOperation({ summary: 'Change an outside provider' })
  @ApiChange(OidcProviderDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT, PRECONDITION_FAILED)
  async update(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() body: UpdateOidcProviderDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    const row = await this.providers.update(caller, id, body, ifMatch);
    return changed(toOidcProviderDto(row, this.config.publicUrl), 'Provider changed');
  }

  @Delete(':id')
  @Requires('users.write')
  @InPerson()
  @ApiOperation({ summary: 'Remove an outside provider', description: 'Its people stay.' })
  @ApiChange(null)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, PRECONDITION_FAILED)
  async delete(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    await this.providers.delete(caller, id, ifMatch);
    return changed(null, 'Provider removed');
  }
}
