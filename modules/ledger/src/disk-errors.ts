import { codeOf } from '@sallyport/platform/errors';

// SQLite result codes, https://www.sqlite.org/rescode.html; the low byte of an extended code.
const sqliteError = 1;
const sqliteBusy = 5;
const sqliteCorrupt = 11;
const sqliteFull = 13;
const sqliteNotDatabase = 26;

/** The disk, or this user's share of it, is full: room can be made, and nothing is damaged. */
export function isDiskFull(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOSPC' || code === 'EDQUOT' || sqliteCode(error) === sqliteFull;
}

/** What the operating system answered to a read, write or sync, whatever it was. */
export function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

/** The file is no database, a damaged one, or lacks our tables: it can only be made again. */
export function isDatabaseUnreadable(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === sqliteError || code === sqliteCorrupt || code === sqliteNotDatabase;
}

export function isDatabaseBusy(error: unknown): boolean {
  return sqliteCode(error) === sqliteBusy;
}

function sqliteCode(error: unknown): number | undefined {
  if (codeOf(error) !== 'ERR_SQLITE_ERROR' || typeof error !== 'object' || error === null) return undefined;
  return 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}
