import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import type {
  CallLogCheckpoint,
  CallLogDelivery,
  CallLogSigningKey,
} from '../chain/call-log-checkpoint.entity.js';
import { ok, pageOf } from '../../platform/rest/envelope.js';
import {
  ApiData,
  ApiDataList,
  ApiFailures,
  ApiPage,
  IdParam,
  PageQueryDto,
} from '../../platform/rest/rest.dto.js';
import { toSigned } from './checkpoint-targets.js';
import { CheckpointsService } from './checkpoints.service.js';
import { ErasureService } from './erasure.service.js';
import {
  CheckpointDeliveryDto,
  CheckpointDto,
  EraseDto,
  ErasedDto,
  ProofDto,
  SigningKeyDto,
} from './evidence.dto.js';
import { ProofsService } from './proofs.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, CREATED, OK } = HttpStatus;

/** What proves the call log, and what is taken out of it. */
@ApiTags('call logs')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin')
export class EvidenceController {
  constructor(
    private readonly checkpoints: CheckpointsService,
    private readonly proofs: ProofsService,
    private readonly erasure: ErasureService,
  ) {}

  @Get('call-log-checkpoints')
  @Requires('calls.read')
  @ApiOperation({ summary: 'Signed checkpoints of the call log, newest first' })
  @ApiPage(CheckpointDto)
  @ApiFailures(BAD_REQUEST)
  async list(@CurrentCaller() caller: UserCaller, @Query() query: PageQueryDto) {
    const page = await this.checkpoints.list(caller, query);
    return pageOf({ ...page, items: page.items.map(toCheckpointDto) });
  }

  @Post('call-log-checkpoints')
  @Requires('calls.checkpoint')
  @ApiOperation({
    summary: 'Make a signed checkpoint now',
    description: 'It is delivered with the next round.',
  })
  @ApiData(CheckpointDto, CREATED)
  @ApiFailures(CONFLICT)
  async make(@CurrentCaller() caller: UserCaller) {
    return ok(toCheckpointDto(await this.checkpoints.makeNow(caller)), 'Checkpoint made');
  }

  @Get('call-log-checkpoints/deliveries')
  @Requires('calls.read')
  @ApiOperation({ summary: 'How far the checkpoints have been delivered' })
  @ApiDataList(CheckpointDeliveryDto)
  async deliveries(@CurrentCaller() caller: UserCaller) {
    return ok((await this.checkpoints.listDeliveries(caller)).map(toDeliveryDto));
  }

  @Get('call-log-checkpoints/keys')
  @Requires('calls.read')
  @ApiOperation({ summary: 'Public keys of checkpoints and removals, oldest first' })
  @ApiDataList(SigningKeyDto)
  async keys() {
    return ok((await this.checkpoints.listKeys()).map(toKeyDto));
  }

  @Get('call-logs/:id/proof')
  @Requires('calls.read')
  @ApiOperation({ summary: 'Proof that a call is in the log as it was written' })
  @ApiData(ProofDto)
  @ApiFailures(NOT_FOUND, CONFLICT)
  async prove(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(await this.proofs.prove(caller, id));
  }

  @Post('call-logs/erase')
  @HttpCode(OK)
  @Requires('calls.erase')
  @ApiOperation({
    summary: 'Remove what calls asked and answered, for good',
    description: 'That they were made, when and how they ended stays, and the log still verifies.',
  })
  @ApiData(ErasedDto)
  @ApiFailures(BAD_REQUEST)
  async erase(@CurrentCaller() caller: UserCaller, @Body() body: EraseDto) {
    return ok(await this.erasure.erase(caller, body), 'Erased');
  }
}

function toCheckpointDto(checkpoint: CallLogCheckpoint): CheckpointDto {
  const { number, createdAt } = checkpoint;
  return { number, created_at: createdAt.toISOString(), ...toSigned(checkpoint) };
}

function toDeliveryDto(delivery: CallLogDelivery): CheckpointDeliveryDto {
  return {
    target: delivery.target,
    delivered_number: delivery.deliveredNumber,
    delivered_at: delivery.deliveredAt?.toISOString() ?? null,
    tried_at: delivery.triedAt?.toISOString() ?? null,
    failures: delivery.failures,
    last_error: delivery.lastError,
  };
}

function toKeyDto({ keyId, publicKey, createdAt }: CallLogSigningKey): SigningKeyDto {
  return { key_id: keyId, public_key: publicKey, created_at: createdAt.toISOString() };
}
