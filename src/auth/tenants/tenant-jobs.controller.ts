import { Controller, Get, HttpStatus, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import { ok, pageOf } from '../../platform/rest/envelope.js';
import { ApiData, ApiFailures, ApiPage, IdParam, PageQueryDto } from '../../platform/rest/rest.dto.js';
import { TenantRemovalService } from './tenant-removal.service.js';
import { toTenantJobDto } from './tenant-views.js';
import { TenantJobDto } from './tenants.dto.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND } = HttpStatus;

@ApiTags('tenants')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Requires('tenants.manage')
@Controller('api/v1/admin/tenant-jobs')
export class TenantJobsController {
  constructor(private readonly removal: TenantRemovalService) {}

  @Get()
  @ApiOperation({ summary: 'Deletions of tenants, newest first' })
  @ApiPage(TenantJobDto)
  @ApiFailures(BAD_REQUEST)
  async list(@CurrentCaller() caller: UserCaller, @Query() query: PageQueryDto) {
    const page = await this.removal.listJobs(caller, query);
    return pageOf({ ...page, items: page.items.map(toTenantJobDto) });
  }

  @Get(':id')
  @ApiOperation({ summary: 'How far one is' })
  @ApiData(TenantJobDto)
  @ApiFailures(NOT_FOUND)
  async get(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(toTenantJobDto(await this.removal.getJob(caller, id)));
  }
}
