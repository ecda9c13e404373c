import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires, ShowsSecret } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import type { InFlight } from '../../platform/replicas/change-bus.js';
import { changed, ok, pageOf } from '../../platform/rest/envelope.js';
import { ApiInFlight, InFlightParam } from '../../platform/rest/in-flight.js';
import { IfMatch, type ReadVersions } from '../../platform/rest/preconditions.js';
import { ApiChange, ApiData, ApiFailures, ApiPage, IdParam } from '../../platform/rest/rest.dto.js';
import { TenantRemovalService } from './tenant-removal.service.js';
import { toCreatedTenantDto, toTenantDto, toTenantJobDto } from './tenant-views.js';
import {
  CreatedTenantDto,
  CreateTenantDto,
  DeleteTenantQueryDto,
  RenameTenantDto,
  TenantDto,
  TenantJobDto,
  TenantQueryDto,
} from './tenants.dto.js';
import { TenantsService } from './tenants.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, PRECONDITION_FAILED, CREATED, ACCEPTED } =
  HttpStatus;

@ApiTags('tenants')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Requires('tenants.manage')
@Controller('api/v1/admin/tenants')
export class TenantsController {
  constructor(
    private readonly tenants: TenantsService,
    private readonly removal: TenantRemovalService,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'The tenants of the installation, oldest first',
    description:
      'How much there is of each, never what: an operator does not read the data of other tenants.',
  })
  @ApiPage(TenantDto)
  @ApiFailures(BAD_REQUEST)
  async list(@Query() query: TenantQueryDto) {
    const page = await this.tenants.list(query);
    return pageOf({ ...page, items: page.items.map(toTenantDto) });
  }

  @Post()
  @ShowsSecret()
  @ApiOperation({
    summary: 'Make a tenant',
    description: 'It comes with its first owner, whose password this answer shows, once.',
  })
  @ApiData(CreatedTenantDto, CREATED)
  @ApiFailures(BAD_REQUEST, CONFLICT)
  async create(@CurrentCaller() caller: UserCaller, @Body() body: CreateTenantDto) {
    return ok(toCreatedTenantDto(await this.tenants.create(caller, body)), 'Tenant created');
  }

  @Get(':id')
  @ApiOperation({ summary: 'One tenant' })
  @ApiData(TenantDto)
  @ApiFailures(NOT_FOUND)
  async get(@Param() { id }: IdParam) {
    return ok(toTenantDto(await this.tenants.get(id)));
  }

  @Put(':id')
  @ApiOperation({ summary: 'Rename a tenant' })
  @ApiChange(TenantDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT, PRECONDITION_FAILED)
  async rename(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() body: RenameTenantDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    return changed(toTenantDto(await this.tenants.rename(caller, id, body, { ifMatch })), 'Tenant renamed');
  }

  @Post(':id/suspend')
  @HttpCode(HttpStatus.OK)
  @ApiInFlight()
  @ApiOperation({
    summary: 'Suspend a tenant',
    description: 'Its group keys, sign-ins and tokens stop at once, on every replica. Nothing is deleted.',
  })
  @ApiChange(TenantDto)
  @ApiFailures(NOT_FOUND, CONFLICT, PRECONDITION_FAILED)
  async suspend(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @IfMatch() ifMatch?: ReadVersions,
    @InFlightParam() inFlight?: InFlight,
  ) {
    const suspended = await this.tenants.suspend(caller, id, { ifMatch, inFlight });
    return changed(toTenantDto(suspended), 'Tenant suspended');
  }

  @Post(':id/resume')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'End a suspension',
    description: 'Keys, tokens and sign-ins that are otherwise good work again.',
  })
  @ApiChange(TenantDto)
  @ApiFailures(NOT_FOUND, CONFLICT, PRECONDITION_FAILED)
  async resume(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    return changed(toTenantDto(await this.tenants.resume(caller, id, { ifMatch })), 'Tenant resumed');
  }

  @Delete(':id')
  @HttpCode(ACCEPTED)
  @ApiOperation({
    summary: 'Delete a suspended tenant with everything it owns, for good',
    description: 'A job does it: GET /api/v1/admin/tenant-jobs/{id} tells how far it is.',
  })
  @ApiChange(TenantJobDto, ACCEPTED)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT, PRECONDITION_FAILED)
  async delete(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Query() { confirm }: DeleteTenantQueryDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    const job = await this.removal.begin(caller, id, confirm, { ifMatch });
    return changed(toTenantJobDto(job), 'The tenant is being deleted');
  }
}
