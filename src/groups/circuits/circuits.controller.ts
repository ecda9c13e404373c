import { Controller, Get, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import { changed, pageOf } from '../../platform/rest/envelope.js';
import { ApiChange, ApiFailures, ApiPage, IdParam, PageQueryDto } from '../../platform/rest/rest.dto.js';
import { CircuitDto } from './circuits.dto.js';
import { CircuitsService } from './circuits.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, OK } = HttpStatus;

@ApiTags('tools')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin')
export class CircuitsController {
  constructor(private readonly circuits: CircuitsService) {}

  @Get('circuits')
  @Requires('tools.read')
  @ApiOperation({
    summary: 'Tools that are not called at the moment because they failed too often, on which replica',
  })
  @ApiPage(CircuitDto)
  @ApiFailures(BAD_REQUEST)
  async list(@CurrentCaller() caller: UserCaller, @Query() query: PageQueryDto) {
    return pageOf(await this.circuits.list(caller, query));
  }

  @Post('tools/:id/circuit/reset')
  @Requires('tools.write')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Let a tool that failed too often be called again at once, on every replica',
  })
  @ApiChange(null)
  @ApiFailures(NOT_FOUND)
  async reset(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    await this.circuits.reset(caller, id);
    return changed(null, 'Circuit closed');
  }
}
