/** A refusal by the server (RFC 9457), or no answer at all (`unreachable`). */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly correlationId: string | undefined;
  readonly hint: string | undefined;
  /** When the server asks to wait. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    message: string,
    facts: {
      code: string;
      status: number;
      correlationId?: string | undefined;
      hint?: string | undefined;
      retryAfterSeconds?: number | undefined;
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
  const body = fieldsOf(text ?? '');
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new Problem(body.get('detail') ?? body.get('title') ?? `The server answered ${response.status}`, {
    code: body.get('code') ?? `http_${response.status}`,
    status: response.status,
    correlationId: response.headers.get('x-correlation-id') ?? undefined,
    hint: body.get('hint'),
    retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
  });
}

function fieldsOf(text: string): Map<string, string> {
  try {
    const parsed: unknown = JSON.parse(text);
    const entries: [string, unknown][] = typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : [];
    return new Map(entries.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])));
  } catch {
    return new Map();
  }
}
