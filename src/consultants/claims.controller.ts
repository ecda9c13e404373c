import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../access/access.js';
import type { UserCaller } from '../access/caller.js';
import { ok, pageOf } from '../platform/rest/envelope.js';
import { IfMatch, type ReadVersions } from '../platform/rest/preconditions.js';
import { ApiData, ApiFailures, ApiPage, IdParam } from '../platform/rest/rest.dto.js';
import { ClaimDto, ClaimQueryDto, ReassignDto } from './claims.dto.js';
import { ClaimsReader } from './claims-reader.js';
import { ClaimsService } from './claims.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, OK } = HttpStatus;

@ApiTags('consultants')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1')
export class ClaimsController {
  constructor(
    private readonly claims: ClaimsService,
    private readonly reader: ClaimsReader,
  ) {}

  @Get('customer-claims')
  @Requires('consultants.read')
  @ApiOperation({ summary: 'Customers and who looks after them, newest first' })
  @ApiPage(ClaimDto)
  @ApiFailures(BAD_REQUEST)
  async list(@CurrentCaller() caller: UserCaller, @Query() query: ClaimQueryDto) {
    return pageOf(await this.reader.list(caller, query));
  }

  @Get('customer-claims/:id')
  @Requires('consultants.read')
  @ApiOperation({ summary: 'One customer and who looks after them' })
  @ApiData(ClaimDto)
  @ApiFailures(NOT_FOUND)
  async get(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(await this.reader.get(caller, id));
  }

  @Post('customer-claims/:id/claim')
  @Requires('consultants.claim')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Take a customer',
    description:
      'The first one gets it; the others get 409 with who was first in `error.details.claimed_by`.',
  })
  @ApiData(ClaimDto)
  @ApiFailures(NOT_FOUND, CONFLICT)
  async claim(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(await this.reader.view(await this.claims.claim(caller, id)), 'The customer is yours');
  }

  @Post('customer-claims/:id/release')
  @Requires('consultants.claim')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Give a customer back',
    description:
      "Your own, or anybody's as an administrator. Consultants are told anew, as for a new customer.",
  })
  @ApiData(ClaimDto)
  @ApiFailures(NOT_FOUND, CONFLICT)
  async release(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    return ok(await this.reader.view(await this.claims.release(caller, id, ifMatch)), 'Given back');
  }

  @Post('customer-claims/:id/close')
  @Requires('consultants.claim')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Be done with a customer',
    description: "Your own, or anybody's as an administrator. It counts for nobody's load any more.",
  })
  @ApiData(ClaimDto)
  @ApiFailures(NOT_FOUND, CONFLICT)
  async close(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    return ok(await this.reader.view(await this.claims.close(caller, id, ifMatch)), 'Closed');
  }

  @Post('admin/customer-claims/:id/reassign')
  @Requires('consultants.write')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Give a customer to a consultant',
    description: 'Whoever has it now, and whatever the limit of the consultant.',
  })
  @ApiData(ClaimDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async reassign(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() { user_id: userId }: ReassignDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    const claim = await this.claims.reassign(caller, id, { userId, ifMatch });
    return ok(await this.reader.view(claim), 'Given to the consultant');
  }
}
