import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Public } from '../../access/access.js';
import { MfaRequiredDto, SignedInDto } from '../sign-in/auth.dto.js';
import { ok } from '../../platform/rest/envelope.js';
import { ApiEither, ApiFailures, IdParam } from '../../platform/rest/rest.dto.js';
import { browserOf, OidcFlows } from './oidc-flow.js';
import { ExchangeOidcCodeDto, StartOidcQueryDto } from './oidc-providers.dto.js';
import { OidcSignIn } from './oidc-sign-in.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, SERVICE_UNAVAILABLE, FOUND, OK } =
  HttpStatus;

@ApiTags('auth')
@Controller('api/v1/auth/oidc')
export class OidcSignInController {
  constructor(
    private readonly oidc: OidcSignIn,
    private readonly flows: OidcFlows,
  ) {}

  @Get(':id/start')
  @Public()
  @ApiOperation({
    summary: 'Sign in with an outside provider',
    description: 'For browsers: leads to the provider, with a cookie that keeps the sign-in to this browser.',
    security: [],
  })
  @ApiResponse({ status: FOUND, description: 'To the provider' })
  @ApiFailures(BAD_REQUEST, NOT_FOUND, SERVICE_UNAVAILABLE)
  async start(
    @Param() { id }: IdParam,
    @Query() query: StartOidcQueryDto,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const { url, flow } = await this.oidc.start(id, query.return_to ?? '/');
    const cookies = this.flows.cookiesFor(flow, request.headers.cookie);
    response.setHeader('Set-Cookie', cookies).redirect(FOUND, url);
  }

  @Get(':id/callback')
  @Public()
  @ApiOperation({
    summary: 'Where the provider sends the browser back to',
    description: 'Leads to `return_to`, with `#sign_in_code=…` for POST /auth/oidc/exchange.',
    security: [],
  })
  @ApiResponse({ status: FOUND, description: 'To `return_to`' })
  @ApiFailures(BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, SERVICE_UNAVAILABLE)
  async callback(@Param() { id }: IdParam, @Req() request: Request, @Res() response: Response) {
    const query = new URL(request.originalUrl, 'http://localhost').search;
    const state = new URLSearchParams(query).get('state') ?? '';
    const flow = this.flows.read(request.headers.cookie, browserOf({ state }));
    const url = await this.oidc.finish(id, query, flow);
    response.setHeader('Cache-Control', 'no-store').redirect(FOUND, url);
  }

  @Post('exchange')
  @Public()
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Tokens for the code that the browser came back with',
    description: 'Once, within a minute, with the cookie of the browser that began.',
    security: [],
  })
  @ApiEither(SignedInDto, MfaRequiredDto)
  @ApiFailures(BAD_REQUEST, UNAUTHORIZED)
  async exchange(
    @Body() { code }: ExchangeOidcCodeDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    const { signedIn, flow } = await this.oidc.exchange(code, (browser) =>
      this.flows.read(request.headers.cookie, browser),
    );
    response.setHeader('Set-Cookie', this.flows.noCookie(flow));
    return ok(signedIn);
  }
}
