import type { JsonObject } from '@sallyport/contracts';

/**
 * An error with a stable code. Each module extends it once, with its own union of codes.
 * `message` and `details` are safe to log and to show: they never hold a secret or the content of an event.
 */
export class CodedError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly details: JsonObject;
  /** What to do next, shown in terminals after `hint:`. */
  readonly hint: string | undefined;

  constructor(code: Code, message: string, options: { cause?: unknown; details?: JsonObject; hint?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
    this.hint = options.hint;
  }
}

/** The `code` of a system or coded error, or undefined. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** A message for whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
