/** A refusal by the server (RFC 9457), or no answer at all (`unreachable`). */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly correlationId: string | undefined;
  readonly hint: string | undefined;
  /** When the server asks to wait. */
  readonly retryAfterSeconds: number | undefined;
  /** Facts of this code, such as the `field` that is not known. */
  readonly details: ReadonlyMap<string, unknown>;

  constructor(
    message: string,
    facts: {
      code: string;
      status: number;
      correlationId?: string | undefined;
      hint?: string | undefined;
      retryAfterSeconds?: number | undefined;
      details?: ReadonlyMap<string, unknown>;
      cause?: unknown;
    },
  ) {
    super(message, { cause: facts.cause });
    this.name = 'Problem';
    this.code = facts.code;
    this.status = facts.status;
    this.correlationId = facts.correlationId;
    this.hint = facts.hint;
    this.retryAfterSeconds = facts.retryAfterSeconds;
    this.details = facts.details ?? new Map();
  }
}

export function readProblem(response: Response | undefined, text: string | undefined, cause?: unknown): Problem {
  if (response === undefined) {
    return new Problem('The server does not answer', {
      code: 'unreachable',
      status: 0,
      hint: 'Is it running, and is this machine still connected? What you see stays; it refreshes by itself.',
      cause,
    });
  }
  const parsed = parseObject(text ?? '');
  const body = new Map([...parsed].flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])));
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new Problem(body.get('detail') ?? body.get('title') ?? `The server answered ${response.status}`, {
    code: body.get('code') ?? `http_${response.status}`,
    status: response.status,
    correlationId: response.headers.get('x-correlation-id') ?? undefined,
    hint: body.get('hint'),
    retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
    details: entriesOf(parsed.get('details')),
  });
}

function parseObject(text: string): Map<string, unknown> {
  try {
    return entriesOf(JSON.parse(text));
  } catch {
    return new Map();
  }
}

function entriesOf(value: unknown): Map<string, unknown> {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
}
