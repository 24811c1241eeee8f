import { CodedError, codeOf } from './errors.ts';

export type DatabaseErrorCode =
  | 'integer_unsafe'
  | 'migration_failed'
  | 'migration_name_invalid'
  | 'migration_out_of_order'
  | 'migration_unknown'
  | 'postgres_unavailable';

export class DatabaseError extends CodedError<DatabaseErrorCode> {}

/** True when a statement was refused by a unique index or a primary key, on SQLite (SQLITE_CONSTRAINT_UNIQUE, _PRIMARYKEY) or PostgreSQL (23505). */
export function isUniqueViolation(error: unknown): boolean {
  if (codeOf(error) === '23505') return true;
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return false;
  return error.errcode === 2067 || error.errcode === 1555;
}

/** An integer as it came from a database, as a number; throws `integer_unsafe` outside ±(2^53 − 1) instead of rounding. */
export function parseInteger(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new DatabaseError('integer_unsafe', `Cannot read integer "${text}": must be a safe integer`);
}
