import { Controller, Get, HttpStatus, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { CurrentCaller, Requires } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import { sendDownload } from '../../platform/rest/download.js';
import { ApiFailures } from '../../platform/rest/rest.dto.js';
import { TenantExport } from './tenant-export.js';

const { UNAUTHORIZED, FORBIDDEN, CONFLICT, OK } = HttpStatus;

@ApiTags('tenants')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin/tenant')
export class TenantExportController {
  constructor(private readonly tenantExport: TenantExport) {}

  @Get('export')
  @Requires('tenant.export')
  @ApiOperation({
    summary: 'All data of your own tenant',
    description:
      'A tar.gz of JSON Lines per table, sent while it is read, as of one moment. Keys and the hashes of passwords and ' +
      'tokens are left out. manifest.json comes last: without it the archive is not whole.',
  })
  @ApiProduces('application/gzip', 'application/json')
  @ApiResponse({
    status: OK,
    content: { 'application/gzip': { schema: { type: 'string', format: 'binary' } } },
  })
  @ApiFailures(CONFLICT)
  async get(@CurrentCaller() caller: UserCaller, @Res() response: Response): Promise<void> {
    await sendDownload(response, await this.tenantExport.open(caller));
  }
}
