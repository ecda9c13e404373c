import { Body, Controller, Delete, Get, HttpStatus, Param, Put, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../access.js';
import type { UserCaller } from '../caller.js';
import { changed, ok, pageOf } from '../../platform/rest/envelope.js';
import { IfMatch, type ReadVersions } from '../../platform/rest/preconditions.js';
import {
  ApiChange,
  ApiData,
  ApiDataList,
  ApiFailures,
  ApiPage,
  PageQueryDto,
} from '../../platform/rest/rest.dto.js';
import type { Feature } from './feature.entity.js';
import { FeatureSwitchesService } from './feature-switches.service.js';
import { FeatureDto, FeatureParam, OwnFeatureDto, PutFeatureDto } from './features.dto.js';
import { FeaturesService } from './features.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, PRECONDITION_FAILED } = HttpStatus;
const MADE = 'Makes the switch where there is none.';

@ApiTags('features')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1')
export class FeaturesController {
  constructor(
    private readonly features: FeaturesService,
    private readonly switches: FeatureSwitchesService,
  ) {}

  @Get('features')
  @Requires('own.read')
  @ApiOperation({ summary: 'Which features are on for you' })
  @ApiDataList(OwnFeatureDto)
  listOwn(@CurrentCaller() caller: UserCaller) {
    return ok(this.features.listFor(caller));
  }

  @Get('admin/features')
  @Requires('features.read')
  @ApiOperation({ summary: "The switches of your tenant's own" })
  @ApiPage(FeatureDto)
  @ApiFailures(BAD_REQUEST)
  async list(@CurrentCaller() caller: UserCaller, @Query() query: PageQueryDto) {
    const page = await this.switches.list(caller, 'tenant', query);
    return pageOf({ ...page, items: page.items.map(toDto) });
  }

  @Get('admin/features/:name')
  @Requires('features.read')
  @ApiOperation({ summary: "One switch of your tenant's own" })
  @ApiData(FeatureDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async get(@CurrentCaller() caller: UserCaller, @Param() { name }: FeatureParam) {
    return ok(toDto(await this.switches.get(caller, { scope: 'tenant', name })));
  }

  @Put('admin/features/:name')
  @Requires('features.write')
  @ApiOperation({ summary: 'Set a switch for your tenant', description: MADE })
  @ApiChange(FeatureDto)
  @ApiFailures(BAD_REQUEST, CONFLICT, PRECONDITION_FAILED)
  async put(
    @CurrentCaller() caller: UserCaller,
    @Param() { name }: FeatureParam,
    @Body() body: PutFeatureDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    const feature = await this.switches.put(caller, { scope: 'tenant', name, ifMatch }, body);
    return changed(toDto(feature), 'Feature set');
  }

  @Delete('admin/features/:name')
  @Requires('features.write')
  @ApiOperation({
    summary: "Remove your tenant's switch",
    description: "From then on the installation's counts, if it has one.",
  })
  @ApiChange(null)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, PRECONDITION_FAILED)
  async delete(
    @CurrentCaller() caller: UserCaller,
    @Param() { name }: FeatureParam,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    await this.switches.delete(caller, { scope: 'tenant', name, ifMatch });
    return changed(null, 'Feature removed');
  }

  @Get('admin/installation/features')
  @Requires('features.read')
  @ApiOperation({ summary: "The installation's switches: they count for a tenant without its own" })
  @ApiPage(FeatureDto)
  @ApiFailures(BAD_REQUEST)
  async listShared(@CurrentCaller() caller: UserCaller, @Query() query: PageQueryDto) {
    const page = await this.switches.list(caller, 'installation', query);
    return pageOf({ ...page, items: page.items.map(toDto) });
  }

  @Get('admin/installation/features/:name')
  @Requires('features.read')
  @ApiOperation({ summary: "One switch of the installation's" })
  @ApiData(FeatureDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async getShared(@CurrentCaller() caller: UserCaller, @Param() { name }: FeatureParam) {
    return ok(toDto(await this.switches.get(caller, { scope: 'installation', name })));
  }

  @Put('admin/installation/features/:name')
  @Requires('tenants.manage')
  @ApiOperation({ summary: 'Set a switch for every tenant without its own', description: MADE })
  @ApiChange(FeatureDto)
  @ApiFailures(BAD_REQUEST, CONFLICT, PRECONDITION_FAILED)
  async putShared(
    @CurrentCaller() caller: UserCaller,
    @Param() { name }: FeatureParam,
    @Body() body: PutFeatureDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    const feature = await this.switches.put(caller, { scope: 'installation', name, ifMatch }, body);
    return changed(toDto(feature), 'Feature set for the installation');
  }

  @Delete('admin/installation/features/:name')
  @Requires('tenants.manage')
  @ApiOperation({ summary: "Remove the installation's switch", description: "Tenants' own stay." })
  @ApiChange(null)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, PRECONDITION_FAILED)
  async deleteShared(
    @CurrentCaller() caller: UserCaller,
    @Param() { name }: FeatureParam,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    await this.switches.delete(caller, { scope: 'installation', name, ifMatch });
    return changed(null, 'Feature removed from the installation');
  }
}

function toDto(feature: Feature): FeatureDto {
  return {
    name: feature.name,
    scope: feature.tenantId === null ? 'installation' : 'tenant',
    description: feature.description,
    enabled: feature.enabled,
    percentage: feature.percentage,
    roles: feature.roles,
    version: feature.version,
    created_at: feature.createdAt.toISOString(),
    updated_at: feature.updatedAt.toISOString(),
  };
}
