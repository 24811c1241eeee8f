/** A server that nobody could speak to: none of these can come from one that took a question. */
const codes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
]);

/** Whether nobody took the question, so that nobody can have said no. A slow answer, a lost one, a certificate or a file that is wrong is none of it. */
export function isNobodyThere(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // Of a name with several addresses each is tried.
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isNobodyThere);
  return 'code' in error && typeof error.code === 'string' && codes.has(error.code);
}
