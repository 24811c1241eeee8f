import { resolve } from 'node:path';
import { ArchiveError, restoreArchive, verifyArchive } from '@sallyport/archive/offline';
import type { RestoredArchive, VerifiedArchive } from '@sallyport/archive/offline';
import type { VerifierKey } from '@sallyport/merkle-log';
import { CliError } from '../errors.ts';
import type { CliNeeds } from '../needs.ts';
import { createProgress } from '../progress.ts';
import { counted, grouped, jsonLine, shortText, styled } from '../terminal.ts';
import { readVerifierKey, withoutKey } from './verifier-key-option.ts';

export type OfflineOptions = { directory?: string; key?: string[]; json?: true };
export type RestoreOptions = {
  directory: string;
  to: string;
  key?: string[];
  beyond?: true;
  /** Which copies of the wrapped keys can be opened; all of them are taken to be unless given. */
  opensVault?: (bytes: Uint8Array) => boolean;
};

/** Walks a downloaded archive: nothing of it is believed that no checkpoint under a given key covers. */
export async function verifyDirectory(directory: string, options: OfflineOptions, needs: CliNeeds): Promise<void> {
  const verified = await checked(directory, options.key, needs);
  if (options.json === true)
    needs.stdout.write(
      `${jsonLine({
        logs: verified.logs.map(({ log, origin, isKeyGiven, entries, firstIndex, bytes, proven }) => ({
          log,
          origin,
          key_given: isKeyGiven,
          first: firstIndex,
          entries,
          bytes,
          proven: proven?.size ?? 0,
        })),
        vaults: verified.vaults.length,
      })}\n`,
    );
  else writeLogs(verified, needs);
  if (verified.logs.some(({ isKeyGiven }) => !isKeyGiven)) throw withoutKey(directory);
}

export async function restoreFromDirectory(options: RestoreOptions, needs: CliNeeds): Promise<RestoredArchive> {
  const { stdout, stderr } = needs;
  const verified = await checked(options.directory, options.key, needs);
  writeLogs(verified, needs);
  if (verified.logs.some(({ isKeyGiven }) => !isKeyGiven)) throw withoutKey(options.directory);
  const restored = await telling(() =>
    restoreArchive(verified, {
      dataDirectory: resolve(options.to),
      beyond: options.beyond === true,
      signal: needs.signal,
      ...(options.opensVault === undefined ? {} : { opensVault: options.opensVault }),
    }),
  );
  for (const { log, entries, leftOut } of restored.logs) {
    const rest = leftOut === 0 ? '' : `; ${grouped(leftOut)} that no checkpoint covers are left out`;
    stdout.write(`Brought back log ${log}: ${grouped(entries)} entries${rest}\n`);
  }
  if (restored.vault === undefined)
    stderr.write('hint: the archive has no copy of the keys: the blocks stay closed without the vault\n');
  else stdout.write(`Brought back the wrapped keys, generation ${grouped(restored.vault.generation)}\n`);
  if (options.opensVault === undefined)
    stderr.write(
      'hint: put the master key back, which no archive holds (a sealed one: vault/*.sealed into vault and vault-copy, and its unseal key or passphrase; else access to its provider), then start the server with --after-restore\n',
    );
  return restored;
}

async function checked(
  directory: string,
  given: readonly string[] | undefined,
  needs: CliNeeds,
): Promise<VerifiedArchive> {
  const keys: VerifierKey[] = [];
  for (const one of given ?? []) keys.push((await readVerifierKey(one)).key);
  const progress = createProgress(needs.stderr, needs.clock);
  try {
    return await telling(() =>
      verifyArchive(resolve(directory), {
        keys,
        signal: needs.signal,
        onProgress: (share, label) => progress.show(share, label),
      }),
    );
  } finally {
    progress.clear();
  }
}

function writeLogs({ logs, vaults, records }: VerifiedArchive, { stdout }: CliNeeds): void {
  for (const { log, origin, entries, firstIndex, bytes, proven, ahead, isKeyGiven, tilePacks } of logs) {
    const sign = isKeyGiven ? styled(stdout, 'green', '✔') : styled(stdout, 'yellow', '!');
    stdout.write(
      `${sign} log ${log}  ${shortText(origin, 200)}: ${grouped(entries)} entries, ${grouped(bytes)} bytes of blocks\n`,
    );
    if (firstIndex > 0)
      stdout.write(
        `  begins at entry ${grouped(firstIndex)}: what is before it is not here, and no root can be computed\n`,
      );
    stdout.write(
      proven === undefined
        ? '  no checkpoint covers any of it\n'
        : `  its checkpoint of ${grouped(proven.size)} entries has their root; ${proven.signatures} ${proven.signatures === 1 ? 'signature' : 'signatures'}\n`,
    );
    const past = entries - (proven?.size ?? 0);
    if (proven !== undefined && past > 0) stdout.write(`  the last ${grouped(past)} entries are covered by none\n`);
    for (const { size } of ahead)
      stdout.write(
        `  ${styled(stdout, 'red', 'MISSING')}: it was signed for ${grouped(size)} entries, and ${grouped(size - entries)} are not here\n`,
      );
    if (tilePacks > 0) stdout.write(`  ${grouped(tilePacks)} packs of tiles are those of the blocks\n`);
  }
  stdout.write(
    `  ${counted(vaults.length, 'copy', 'copies')} of the wrapped keys, ${counted(records, 'other record')}\n`,
  );
}

async function telling<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    throw new CliError(error.code === 'archive_invalid' ? 'not_verified' : 'output_unwritable', error.message, {
      cause: error,
      ...hint,
    });
  }
}
