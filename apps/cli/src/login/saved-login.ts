import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { JsonWebKey } from 'node:crypto';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '@sallyport/platform/errors';
import { CliError } from '../errors.ts';
import { isJsonObject, listField, numberField, parseJson, textField } from '../json-reading.ts';
import { readBoundedFileSync } from '../regular-file.ts';
import { whyNot } from '../system-errors.ts';

/** What `sallyport login` keeps, readable by its owner alone: the tokens are of no use without the key beside them. */
export type SavedLogin = {
  readonly server: string;
  readonly caFile?: string;
  readonly key: JsonWebKey;
  readonly userName: string;
  readonly scopes: readonly string[];
  readonly accessToken: string;
  readonly accessEndsAtMs: number;
  readonly refreshToken: string;
};

const maxBytes = 64 * 1024;
const lockStaleMs = 30_000;
const lockWaitMs = 50;

/** Undefined when nobody is signed in. Throws `CliError` `configuration_invalid`. */
export function readLogin(file: string): SavedLogin | undefined {
  let text: string;
  try {
    text = readBoundedFileSync(file, maxBytes).toString();
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw invalid(file, whyNot(error), error);
  }
  if (process.getuid !== undefined && (statSync(file).mode & 0o077) !== 0)
    throw invalid(file, 'others on this machine can read it, must be readable by you alone');
  const value = parseJson(text);
  const key = isJsonObject(value) ? value['key'] : undefined;
  const [server, accessToken, refreshToken] = ['server', 'accessToken', 'refreshToken'].map((name) =>
    textField(value, name),
  );
  if (!isJsonObject(key) || server === undefined || accessToken === undefined || refreshToken === undefined)
    throw invalid(file, 'must be what login wrote');
  const caFile = textField(value, 'caFile');
  return {
    server,
    accessToken,
    refreshToken,
    accessEndsAtMs: numberField(value, 'accessEndsAtMs') ?? 0,
    userName: textField(value, 'userName') ?? '',
    scopes: listField(value, 'scopes').filter((scope) => typeof scope === 'string'),
    key: Object.fromEntries(
      Object.entries(key).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    ),
    ...(caFile === undefined ? {} : { caFile }),
  };
}

/** In one step: nobody sees half of it. Throws `CliError` `output_unwritable`. */
export function saveLogin(file: string, login: SavedLogin): void {
  const written = `${file}.${process.pid}.new`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    rmSync(written, { force: true });
    // Made anew, so the mode counts, and a link planted there is not followed.
    writeFileSync(written, `${JSON.stringify(login, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(written, file);
  } catch (error) {
    throw new CliError('output_unwritable', `Cannot write "${file}": ${whyNot(error)}`, {
      cause: error,
      hint: 'set XDG_CONFIG_HOME to a directory that can be written',
    });
  }
}

export function forgetLogin(file: string): void {
  rmSync(file, { force: true });
}

/** One program at a time exchanges the refresh token: two that did would look like a thief and its owner. */
export async function withLoginLock<Result>(file: string, work: () => Promise<Result>): Promise<Result> {
  const lock = `${file}.lock`;
  for (;;) {
    try {
      writeFileSync(lock, `${process.pid}\n`, { mode: 0o600, flag: 'wx' });
      break;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST')
        throw new CliError('output_unwritable', `Cannot write "${lock}": ${whyNot(error)}`, { cause: error });
      const heldSince = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
      if (heldSince !== undefined && Date.now() - heldSince > lockStaleMs) rmSync(lock, { force: true });
      else await delay(lockWaitMs);
    }
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function invalid(file: string, why: string, cause?: unknown): CliError {
  return new CliError('configuration_invalid', `Cannot use "${file}": ${why}`, {
    cause,
    hint: 'run sallyport logout, then sallyport login again',
  });
}
