import { Body, Controller, Delete, Get, HttpStatus, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../access/access.js';
import type { UserCaller } from '../access/caller.js';
import { changed, ok, pageOf } from '../platform/rest/envelope.js';
import { IfMatch, type ReadVersions } from '../platform/rest/preconditions.js';
import {
  ApiChange,
  ApiData,
  ApiFailures,
  ApiPage,
  IdParam,
  PageQueryDto,
} from '../platform/rest/rest.dto.js';
import { CreateOrderDto, OrderDto, UpdateOrderDto } from './agent-orders.dto.js';
import { AgentOrdersService } from './agent-orders.service.js';
import { toOrderDto } from './agent-views.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, CREATED } = HttpStatus;

@ApiTags('agents')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin/agent-orders')
export class AgentOrdersController {
  constructor(private readonly orders: AgentOrdersService) {}

  @Get()
  @Requires('agents.read')
  @ApiOperation({ summary: 'Which agents are asked for which purpose, in which order' })
  @ApiPage(OrderDto)
  @ApiFailures(BAD_REQUEST)
  async list(@CurrentCaller() caller: UserCaller, @Query() query: PageQueryDto) {
    const page = await this.orders.list(caller, query);
    return pageOf({ ...page, items: page.items.map(toOrderDto) });
  }

  @Post()
  @Requires('agents.write')
  @ApiOperation({ summary: 'Say which agents are asked for a purpose, and in which order' })
  @ApiChange(OrderDto, CREATED)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async create(@CurrentCaller() caller: UserCaller, @Body() body: CreateOrderDto) {
    return changed(toOrderDto(await this.orders.create(caller, body)), 'Order made');
  }

  @Get(':id')
  @Requires('agents.read')
  @ApiOperation({ summary: 'The order of one purpose' })
  @ApiData(OrderDto)
  @ApiFailures(NOT_FOUND)
  async get(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(toOrderDto(await this.orders.get(caller, id)));
  }

  @Put(':id')
  @Requires('agents.write')
  @ApiOperation({ summary: 'Change which agents are asked for a purpose, and in which order' })
  @ApiChange(OrderDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async update(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() body: UpdateOrderDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    return changed(toOrderDto(await this.orders.update(caller, id, body, ifMatch)), 'Order changed');
  }

  @Delete(':id')
  @Requires('agents.write')
  @ApiOperation({
    summary: 'Remove the order of a purpose',
    description: 'Nobody is asked for it any more.',
  })
  @ApiChange(null)
  @ApiFailures(NOT_FOUND)
  async delete(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    await this.orders.delete(caller, id, ifMatch);
    return changed(null, 'Order removed');
  }
}
