import { randomUUID } from 'node:crypto';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { ErrorEnvelope } from './envelope.js';
import { databaseUnavailability } from '../database/database-faults.js';
import { AppError, BusyError, TooManyRequestsError, UnavailableError, traceOf } from '../errors.js';
import { type Language, languageOf, translate } from './messages.js';

const CODES: Readonly<Record<number, string>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'body_too_large',
  415: 'unsupported_media_type',
  429: 'too_many_requests',
  503: 'unavailable',
};

/** Of what is away, where nothing says when it will be back. */
const RETRY_SECONDS = 1;

/** Turns whatever a REST route throws into the error envelope. Our own bugs are logged once, under an id, and masked. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger(ErrorFilter.name);

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const response = http.getResponse<Response>();
    const error = databaseUnavailability(thrown) ?? thrown;
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const { status, body } = this.answer(error);
    if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="toolcrib"');
    const retryAfterSeconds = retryAfterOf(error);
    if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', String(retryAfterSeconds));
    response.vary('Accept-Language');
    const { told, languages } = inLanguage(languageOf(http.getRequest<Request>()), body);
    response.setHeader('Content-Language', languages);
    response.setHeader('Cache-Control', 'no-store');
    response.status(status).json(told);
  }

  private answer(error: unknown): { status: number; body: ErrorEnvelope } {
    if (error instanceof AppError) return envelope(error.status, error.code, error.message, error.details);
    if (error instanceof HttpException && error.getStatus() < 500) {
      return envelope(error.getStatus(), CODES[error.getStatus()] ?? 'invalid_input', error.message);
    }
    const id = randomUUID().slice(0, 8);
    this.logger.error(`Unexpected error ${id}`, traceOf(error));
    return envelope(500, 'internal', `Something went wrong on our side; the log has it under ${id}`);
  }
}

function envelope(status: number, code: string, message: string, details?: unknown) {
  const error = details === undefined ? { code } : { code, details };
  return { status, body: { success: false as const, message, error } };
}

/** What is not in the catalogue stays English, and the header then names both languages. */
function inLanguage(language: Language, body: ErrorEnvelope): { told: ErrorEnvelope; languages: string } {
  if (language === 'en') return { told: body, languages: 'en' };
  let isWhole = true;
  const tell = (english: string) => {
    const told = translate(english);
    if (told === null) isWhole = false;
    return told ?? english;
  };
  const { details } = body.error;
  const told = {
    ...body,
    message: tell(body.message),
    error: Array.isArray(details)
      ? {
          ...body.error,
          details: details.map((detail: unknown) =>
            isProblem(detail) ? { ...detail, message: tell(detail.message) } : detail,
          ),
        }
      : body.error,
  };
  return { told, languages: isWhole ? 'zh' : 'zh, en' };
}

function isProblem(detail: unknown): detail is { readonly message: string } {
  return typeof (detail as { message?: unknown } | null)?.message === 'string';
}

function retryAfterOf(error: unknown): number | undefined {
  if (error instanceof TooManyRequestsError || error instanceof BusyError) return error.retryAfterSeconds;
  return error instanceof UnavailableError ? RETRY_SECONDS : undefined;
}
