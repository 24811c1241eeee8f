// What the sealer answers, read by the server's end.
import { isJsonObject, textOf } from '@sallyport/contracts';
import type { JsonValue, Position } from '@sallyport/contracts';
import { CodedError, codeOf, messageOf } from '@sallyport/platform/errors';
import { LedgerError } from './errors.ts';
import type { LedgerErrorCode } from './errors.ts';

const remoteCodes: ReadonlySet<string> = new Set<LedgerErrorCode>([
  'disk_low',
  'overloaded',
  'entry_invalid',
  'not_found',
  'erased',
  'pruned',
  'ledger_corrupt',
  'unsigned',
]);

function isLedgerCode(code: string | undefined): code is LedgerErrorCode {
  return code !== undefined && remoteCodes.has(code);
}

/** What the sealer refused keeps its code; whatever else went wrong leaves the outcome open: `unavailable`. */
export function asLedgerError(error: unknown): LedgerError {
  const code = codeOf(error);
  if (isLedgerCode(code)) {
    const hint = error instanceof CodedError ? error.hint : undefined;
    return new LedgerError(code, messageOf(error), hint === undefined ? {} : { hint });
  }
  return new LedgerError('unavailable', 'The ledger did not answer; what was sent may or may not be recorded', {
    cause: error,
  });
}

/** Where reading goes on behind the end of a closed log. */
export function nextLog(logs: readonly { number: number }[], current: number): Position {
  const next = logs.find((log) => log.number > current);
  return { log: next?.number ?? current + 1, index: 0 };
}

export function numbersOf(value: JsonValue | undefined): number[] {
  return Array.isArray(value) ? value.map(Number) : [];
}

export function listOfLogs(
  value: JsonValue | undefined,
): { number: number; origin: string; verifierKey: string; size: number }[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isJsonObject).map((log) => ({
    number: Number(log['number']),
    origin: textOf(log['origin']),
    verifierKey: textOf(log['verifier_key']),
    size: Number(log['size']),
  }));
}
