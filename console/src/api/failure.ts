/** An answer that is no success, as the service told it. */
export class ApiFailure extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code: string,
    readonly details: readonly { readonly field: string; readonly message: string }[],
    readonly requestId: string | null,
  ) {
    super(message);
    this.name = 'ApiFailure';
  }
}

type Told = {
  readonly message?: unknown;
  readonly error?: { readonly code?: unknown; readonly details?: unknown };
};

export function failureOf(response: Response, body: unknown): ApiFailure {
  const { message, error } = (typeof body === 'object' && body !== null ? body : {}) as Told;
  const details = Array.isArray(error?.details) ? (error.details as ApiFailure['details']) : [];
  return new ApiFailure(
    response.status,
    typeof message === 'string' ? message : response.statusText,
    typeof error?.code === 'string' ? error.code : 'unknown',
    details,
    response.headers.get('x-request-id'),
  );
}
