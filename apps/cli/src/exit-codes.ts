import { CliError, type CliErrorCode } from './errors.ts';

/** What the process ends with; documented in docs/cli.md and stable. */
export const exitCode = {
  ok: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  denied: 4,
  /** It agrees with itself, and nothing says who made it. */
  unproven: 5,
  interrupted: 130,
  /** Whoever read our output closed it, as `| head` does. */
  outputClosed: 141,
} as const;

const codes: Partial<Record<CliErrorCode, number>> = {
  usage: exitCode.usage,
  server_unreachable: exitCode.unreachable,
  server_busy: exitCode.unreachable,
  access_denied: exitCode.denied,
  not_proven: exitCode.unproven,
};

export function exitCodeFor(error: unknown): number {
  return error instanceof CliError ? (codes[error.code] ?? exitCode.failed) : exitCode.failed;
}
