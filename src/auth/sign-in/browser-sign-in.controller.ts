import { Body, Controller, HttpCode, HttpStatus, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { CurrentCaller, Public } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import { UnauthenticatedError } from '../../platform/errors.js';
import { ok } from '../../platform/rest/envelope.js';
import { ApiData, ApiEither, ApiFailures } from '../../platform/rest/rest.dto.js';
import {
  BrowserSignedInDto,
  BrowserTokensDto,
  FinishSignInDto,
  MfaRequiredDto,
  type SignedInDto,
  SignInDto,
  type Tokens,
} from './auth.dto.js';
import { BrowserCookie } from './browser-cookie.js';
import { BrowserGuard } from './browser.guard.js';
import { SignInGuard } from './sign-in.guard.js';
import { SignInService } from './sign-in.service.js';
import { TokensService } from './tokens.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, TOO_MANY_REQUESTS, OK } = HttpStatus;
/** A page that is loaded anew while it renews sends the same token twice. */
const REPEAT_MS = 30_000;

/** Signing in from our own pages: as `/auth`, but the refresh token stays in a cookie. */
@ApiTags('auth')
@Public()
@UseGuards(BrowserGuard)
@Controller('api/v1/auth/browser')
export class BrowserSignInController {
  constructor(
    private readonly signIn: SignInService,
    private readonly tokens: TokensService,
    private readonly cookie: BrowserCookie,
  ) {}

  @Post('login')
  @UseGuards(SignInGuard)
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Sign in from a page of this service',
    description: 'As POST /auth/login, with the refresh token in a cookie that no script can read.',
    security: [],
  })
  @ApiBody({ type: SignInDto })
  @ApiEither(BrowserSignedInDto, MfaRequiredDto)
  @ApiFailures(BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, TOO_MANY_REQUESTS)
  async login(@CurrentCaller() caller: UserCaller, @Res({ passthrough: true }) response: Response) {
    const begun = await this.signIn.begin(caller, 'password');
    return ok('mfa_required' in begun ? begun : this.keep(begun, response));
  }

  @Post('login/totp')
  @HttpCode(OK)
  @ApiOperation({ summary: 'Finish a sign-in from a page with the second factor', security: [] })
  @ApiData(BrowserSignedInDto)
  @ApiFailures(BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, TOO_MANY_REQUESTS)
  async finish(@Body() body: FinishSignInDto, @Res({ passthrough: true }) response: Response) {
    return ok(this.keep(await this.signIn.finish(body.mfa_token, body.code), response));
  }

  @Post('refresh')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'A new access token for the sign-in in the cookie',
    description:
      'The cookie is replaced. The one before still works for 30 seconds: its answer may have got lost.',
    security: [],
  })
  @ApiData(BrowserTokensDto)
  @ApiFailures(UNAUTHORIZED, FORBIDDEN)
  async refresh(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    const token = this.cookie.read(request.headers.cookie);
    if (!token) throw new UnauthenticatedError('You are not signed in here; sign in');
    return ok(this.keep(await this.tokens.rotate(token, REPEAT_MS), response));
  }

  @Post('logout')
  @HttpCode(OK)
  @ApiOperation({ summary: 'End the sign-in in the cookie', security: [] })
  @ApiData(null)
  @ApiFailures(FORBIDDEN)
  async logout(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    const token = this.cookie.read(request.headers.cookie);
    if (token) await this.tokens.end(token);
    response.setHeader('Set-Cookie', this.cookie.gone());
    return ok(null, 'Signed out');
  }

  private keep<T extends Tokens | SignedInDto>(signedIn: T, response: Response): Omit<T, 'refresh_token'> {
    const { refresh_token: token, ...shown } = signedIn;
    response.setHeader('Set-Cookie', this.cookie.holding(token));
    return shown;
  }
}
