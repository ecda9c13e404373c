import { Controller, Get, HttpCode, HttpStatus, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiConsumes,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiTags,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { CurrentCaller, Public, Requires, ShowsSecret } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import type { InFlight } from '../../platform/replicas/change-bus.js';
import { changed, ok } from '../../platform/rest/envelope.js';
import { ApiInFlight, InFlightParam } from '../../platform/rest/in-flight.js';
import { ApiChange, ApiData, ApiFailures } from '../../platform/rest/rest.dto.js';
import { Config } from '../../platform/config.js';
import { configurationJsonSchema } from './configuration-file.js';
import { FileBody, IfMatchTag } from './configuration-request.js';
import { ApplyQueryDto, ConfigurationAppliedDto, ConfigurationDiffDto } from './configuration.dto.js';
import { type Applied, ConfigurationService } from './configuration.service.js';
import { withoutDefaults, writeYaml } from './write-configuration.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, CONFLICT, OK } = HttpStatus;
const { PRECONDITION_FAILED, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE } = HttpStatus;
const YAML = 'application/yaml';
const JSON_TYPE = 'application/json';
const SCHEMA_TYPE = 'application/schema+json';
const FILE = {
  description:
    'The file, as docs/configuration.md describes it and GET /api/v1/admin/config/schema defines it',
  schema: { type: 'object', additionalProperties: true },
} as const;
const FILE_EXAMPLE = 'version: 1\ngroups:\n  customer-service:\n    name: Customer service\n';

@ApiTags('configuration')
@ApiBearerAuth()
@Controller('api/v1/admin/config')
export class ConfigurationController {
  constructor(
    private readonly configurations: ConfigurationService,
    private readonly config: Config,
  ) {}

  @Get('schema')
  @Public()
  @ApiOperation({
    summary: 'JSON Schema (2020-12) of the configuration file',
    description: 'The same for everyone, so that an editor can fetch it without a token.',
  })
  @ApiProduces(SCHEMA_TYPE)
  @ApiOkResponse({ schema: { type: 'object', additionalProperties: true } })
  getSchema(@Res({ passthrough: true }) response: Response) {
    response.type(SCHEMA_TYPE);
    return configurationJsonSchema(this.config.publicUrl);
  }

  @Get('export')
  @Requires('config.read')
  @ApiOperation({
    summary: "The tenant's groups and tools as a file",
    description:
      'YAML, or JSON when Accept asks for it: the file itself, without an envelope. ETag names this state.',
  })
  @ApiProduces(YAML, JSON_TYPE)
  @ApiOkResponse({ schema: { type: 'string', example: FILE_EXAMPLE } })
  @ApiFailures(UNAUTHORIZED, FORBIDDEN)
  async export(@CurrentCaller() caller: UserCaller, @Req() request: Request, @Res() response: Response) {
    const { file, etag } = await this.configurations.export(caller);
    response.setHeader('ETag', etag).vary('Accept');
    if (request.accepts(YAML, JSON_TYPE) === JSON_TYPE) response.json(withoutDefaults(file));
    else response.type(YAML).send(writeYaml(file, this.config.publicUrl));
  }

  @Post('diff')
  @Requires('config.read')
  @HttpCode(OK)
  @ApiOperation({ summary: 'What applying a file would change', description: 'Checks the file wholly.' })
  @ApiConsumes(YAML, JSON_TYPE)
  @ApiBody(FILE)
  @ApiData(ConfigurationDiffDto)
  @ApiFailures(BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE)
  async diff(
    @CurrentCaller() caller: UserCaller,
    @FileBody() file: string,
    @Res({ passthrough: true }) response: Response,
  ) {
    const planned = await this.configurations.diff(caller, file);
    response.setHeader('ETag', planned.etag);
    return ok(planned, planned.changes.length > 0 ? 'There are changes' : 'Nothing to do');
  }

  @Post('apply')
  @ShowsSecret()
  @Requires('config.write')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Make the groups what a file says',
    description:
      'All or nothing, in one transaction. Groups that the file lists are managed wholly; others stay, unless it says ' +
      'prune: true. Applying the same file again changes nothing.',
  })
  @ApiInFlight()
  @ApiHeader({
    name: 'If-Match',
    required: false,
    description: 'ETag of the diff: 412 when things changed since',
  })
  @ApiConsumes(YAML, JSON_TYPE)
  @ApiBody(FILE)
  @ApiChange(ConfigurationAppliedDto)
  @ApiFailures(BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, CONFLICT, PRECONDITION_FAILED)
  @ApiFailures(PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE)
  async apply(
    @CurrentCaller() caller: UserCaller,
    @Query() { dry_run: dryRun }: ApplyQueryDto,
    @FileBody() file: string,
    @IfMatchTag() expected: readonly string[] | undefined,
    @InFlightParam() inFlight: InFlight | undefined,
    @Res({ passthrough: true }) response: Response,
  ) {
    const result = await this.configurations.apply(caller, file, { dryRun, expected, inFlight });
    response.setHeader('ETag', result.etag);
    return changed(toAppliedDto(result), messageOf(result));
  }
}

function toAppliedDto({ newKeys, ...result }: Applied): ConfigurationAppliedDto {
  const keys = newKeys.map(({ group, name, value }) => ({ group, name, api_key: value }));
  return { ...result, keys };
}

function messageOf({ applied, changes }: Applied): string {
  if (applied) return 'Configuration applied';
  return changes.length > 0 ? 'Dry run: nothing was changed' : 'Nothing to do';
}
