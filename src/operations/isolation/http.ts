const LIMIT_MS = 20_000;
/** How long a stream that does not end by itself is listened to. */
const STREAM_MS = 300;
const RETRIES = 3;

export type Sent = {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

export type Answer = {
  readonly status: number;
  /** Every byte that came: status line's text, headers, body. */
  readonly everything: string;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown;
  /** What was sent, in one text: an answer may repeat that. */
  readonly sent: string;
};

/** One HTTP request, whatever comes. Waits when it is told to slow down. */
export async function send(request: Sent): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await sendOnce(request);
    const waitSeconds = Number(answer.headers.get('retry-after') ?? 'NaN');
    if (answer.status !== 429 || attempt === RETRIES || !(waitSeconds <= 60)) return answer;
    await new Promise((resolve) => setTimeout(resolve, waitSeconds * 1000));
  }
}

async function sendOnce({ method, url, headers = {}, body }: Sent): Promise<Answer> {
  const json = body === undefined ? undefined : JSON.stringify(body);
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    signal: AbortSignal.timeout(LIMIT_MS),
    headers: { ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(json !== undefined && { body: json }),
  });
  const text = await readBody(response);
  const lines = [...response.headers].map(([name, value]) => `${name}: ${value}`);
  return {
    status: response.status,
    headers: response.headers,
    text,
    everything: [response.statusText, ...lines, text].join('\n'),
    json: parse(text),
    sent: [decodeURIComponent(url), url, JSON.stringify(headers), json ?? ''].join('\n'),
  };
}

async function readBody(response: Response): Promise<string> {
  if (!response.headers.get('content-type')?.startsWith('text/event-stream') || !response.body) {
    return response.text();
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const silence = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), STREAM_MS));
    const chunk = await Promise.race([reader.read(), silence]);
    if (!chunk || chunk.done) break;
    text += chunk.value;
  }
  await reader.cancel().catch(() => undefined);
  return text;
}

function parse(text: string): unknown {
  const stream = [...text.matchAll(/^data: (\{.*)$/gm)].at(-1)?.[1];
  try {
    return JSON.parse(stream ?? text);
  } catch {
    return undefined;
  }
}
