import { Body, Controller, Get, HttpStatus, Param, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../access/access.js';
import type { UserCaller } from '../access/caller.js';
import { ok } from '../platform/rest/envelope.js';
import { IfMatch, type ReadVersions } from '../platform/rest/preconditions.js';
import { ApiData, ApiDataList, ApiFailures, IdParam } from '../platform/rest/rest.dto.js';
import { ConsultantProfilesService } from './consultant-profiles.service.js';
import { ConsultantSettingsService } from './consultant-settings.service.js';
import {
  ConsultantDto,
  ConsultantSettingsDto,
  PutConsultantSettingsDto,
  PutOwnProfileDto,
  PutProfileDto,
} from './consultants.dto.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT } = HttpStatus;

@ApiTags('consultants')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1')
export class ConsultantsController {
  constructor(
    private readonly profiles: ConsultantProfilesService,
    private readonly settings: ConsultantSettingsService,
  ) {}

  @Get('admin/consultants')
  @Requires('consultants.read')
  @ApiOperation({ summary: 'Consultants, who of them is online, and how much they have to do' })
  @ApiDataList(ConsultantDto)
  async list(@CurrentCaller() caller: UserCaller) {
    return ok(await this.profiles.list(caller));
  }

  @Put('consultants/me')
  @Requires('consultants.claim')
  @ApiOperation({
    summary: 'Say how you work',
    description: 'All of your profile but the level.',
  })
  @ApiData(ConsultantDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async putOwn(
    @CurrentCaller() caller: UserCaller,
    @Body() body: PutOwnProfileDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    return ok(await this.profiles.putOwn(caller, body, ifMatch), 'Profile set');
  }

  @Get('admin/consultants/:id')
  @Requires('consultants.read')
  @ApiOperation({ summary: 'One consultant, by the id of the user' })
  @ApiData(ConsultantDto)
  @ApiFailures(NOT_FOUND)
  async get(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(await this.profiles.get(caller, id));
  }

  @Put('admin/consultants/:id')
  @Requires('consultants.write')
  @ApiOperation({
    summary: 'Say how a consultant works',
  })
  @ApiData(ConsultantDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async put(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() input: PutProfileDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    return ok(await this.profiles.put(caller, id, { input, ifMatch }), 'Profile set');
  }

  @Get('admin/consultant-settings')
  @Requires('consultants.read')
  @ApiOperation({ summary: 'How customers find a consultant' })
  @ApiData(ConsultantSettingsDto)
  async getSettings(@CurrentCaller() caller: UserCaller) {
    return ok(await this.settings.get(caller));
  }

  @Put('admin/consultant-settings')
  @Requires('consultants.write')
  @ApiOperation({
    summary: 'Set how customers find a consultant',
    description:
      'Allocation, escalation and what is told. Counts from the next announcement, offer and escalation on.',
  })
  @ApiData(ConsultantSettingsDto)
  @ApiFailures(BAD_REQUEST, CONFLICT)
  async putSettings(
    @CurrentCaller() caller: UserCaller,
    @Body() body: PutConsultantSettingsDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    return ok(await this.settings.put(caller, body, ifMatch), 'Settings set');
  }
}
