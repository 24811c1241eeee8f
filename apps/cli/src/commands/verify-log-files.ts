import { readLogFile, runHere, runInWorkers, verifyLog } from '@sallyport/ledger/verify-log';
import type { LogFault, LogVerification, RunJobs, VerifyProgress } from '@sallyport/ledger/verify-log';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import { readdir, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { CliError } from '../errors.ts';
import type { CliNeeds } from '../needs.ts';
import { createProgress } from '../progress.ts';
import { whyNot } from '../system-errors.ts';
import { grouped, jsonLine, plainText, styled, type TextOutput } from '../terminal.ts';
import { compareWithKept, requireCosigned } from './kept-checkpoint.ts';
import { readVerifierKey, withoutKey } from './verifier-key-option.ts';
import type { WitnessOptions } from './witness-options.ts';

export type VerifyLogOptions = WitnessOptions & {
  readonly key?: string;
  readonly origin?: string;
  readonly against?: string;
  readonly threads?: number;
  readonly json?: true;
};

/** Below this, threads take longer to start than the work does. */
const worthThreadsBytes = 48 * 1024 * 1024;

/** `ledger verify`: a whole log from its files. Throws `CliError` `not_verified`, `not_proven`, `input_unreadable`. */
export async function verifyLogFiles(directory: string, options: VerifyLogOptions, needs: CliNeeds): Promise<void> {
  await refuseWhatIsNoLog(directory);
  const key = options.key === undefined ? undefined : (await readVerifierKey(options.key)).key;
  const progress = createProgress(needs.stderr, needs.clock);
  const startedAtMs = needs.clock.monotonicMs();
  const result = await verifyLog({
    directory,
    verifierKey: key,
    origin: options.origin,
    run: await howToRun(directory, options, needs),
    onProgress(done) {
      needs.signal.throwIfAborted();
      progress.show(done.share, progressText(done, needs.clock.monotonicMs() - startedAtMs));
    },
  })
    .catch((error: unknown) => {
      needs.signal.throwIfAborted();
      throw new CliError('input_unreadable', messageOf(error), { cause: error });
    })
    .finally(() => progress.clear());
  if (!result.ok) throw refusal(directory, result, options, needs);
  const { origin, treeSize, root, signature } = result;
  const read = async (path: string): Promise<Uint8Array | undefined> => readLogFile(join(directory, path));
  const keptSize =
    options.against === undefined
      ? undefined
      : await compareWithKept({ origin, treeSize, root, read }, options.against, key);
  await requireCosigned(options.against ?? join(directory, 'checkpoint'), options, key);
  // A checkpoint kept from before proves as far as it goes.
  const isUnproven = signature !== 'verified' && keptSize === undefined;
  if (options.json === true) needs.stdout.write(`${jsonLine(summaryOf(result, keptSize))}\n`);
  else print(result, { keptSize, isUnproven, hasWitnesses: hasWitnesses(options) }, needs.stdout);
  if (isUnproven) throw withoutKey(directory);
  if (options.json !== true && signature !== 'verified')
    needs.stderr.write('hint: give the key you know with --key VKEY; a key lying beside the log proves nothing\n');
}

async function howToRun(directory: string, options: VerifyLogOptions, needs: CliNeeds): Promise<RunJobs> {
  const count = options.threads ?? availableParallelism();
  if (count === 1 || (options.threads === undefined && (await isSmall(directory)))) return runHere;
  return runInWorkers({ count, start: needs.startVerifyWorker, signal: needs.signal });
}

async function isSmall(directory: string): Promise<boolean> {
  const sizeOf = async (folder: string): Promise<number> => {
    let bytes = 0;
    for (const name of await readdir(join(directory, folder)).catch(() => []))
      bytes += await stat(join(directory, folder, name)).then(
        ({ size }) => size,
        () => 0,
      );
    return bytes;
  };
  // A folder of the lowest tiles stands for some 20 MB of a log without blocks.
  const folders = await readdir(join(directory, 'tile', '0')).catch(() => []);
  return (await sizeOf('blocks')) < worthThreadsBytes && folders.filter((name) => name.startsWith('x')).length < 3;
}

function progressText({ entries, bytes, share }: VerifyProgress, elapsedMs: number): string {
  const seconds = Math.max(elapsedMs, 1) / 1000;
  const left = share > 0 ? Math.round((seconds * (1 - share)) / share) : 0;
  const leftText = left >= 60 ? `${Math.floor(left / 60)} min ${left % 60} s` : `${left} s`;
  return `${grouped(Math.round(entries / seconds))} entries/s, ${(bytes / seconds / 1e9).toFixed(2)} GB/s, ${leftText} left`;
}

function refusal(
  directory: string,
  result: Extract<LogVerification, { ok: false }>,
  options: VerifyLogOptions,
  { stdout }: CliNeeds,
): CliError {
  const { fault, faults } = result;
  if (options.json === true) stdout.write(`${jsonLine({ ok: false, ...fault, faults })}\n`);
  const isNoLog = fault.path === 'checkpoint' && (fault.found === 'no file' || options.origin !== undefined);
  const more = faults > 1 ? `\n${grouped(faults - 1)} more ${faults === 2 ? 'place' : 'places'} behind it` : '';
  return new CliError(
    'not_verified',
    `Cannot verify "${directory}": ${fault.path}, ${placeText(fault)}: ${fault.reason}`,
    {
      hint: isNoLog
        ? `name the directory that holds the file checkpoint${options.origin === undefined ? '' : ', and the origin of the log in it'}`
        : `expected ${fault.expected}, found ${fault.found}${more}`,
    },
  );
}

function placeText({ offset, length }: LogFault): string {
  return length === 1 ? `byte ${offset}` : `byte ${offset} to ${offset + length - 1}, which one hash covers`;
}

type Verified = Extract<LogVerification, { ok: true }>;

function hasWitnesses({ witness, policy }: WitnessOptions): boolean {
  return witness !== undefined || policy !== undefined;
}

function summaryOf(result: Verified, keptSize: number | undefined): Record<string, unknown> {
  const { blocks } = result;
  return {
    ok: true,
    origin: result.origin,
    tree_size: result.treeSize,
    root: Buffer.from(result.root).toString('base64'),
    signature: result.signature,
    entries: result.entries,
    hash_tiles: result.tiles,
    entry_bundles: result.bundles,
    minimum_index: result.minimumIndex,
    ...(blocks === undefined
      ? {}
      : {
          blocks: blocks.count,
          hollow_blocks: blocks.hollow,
          segments: blocks.segments,
          unsigned_events: blocks.unsigned,
          unfinished_bytes: blocks.unfinishedBytes,
        }),
    ...(keptSize === undefined ? {} : { kept_size: keptSize }),
  };
}

function print(
  result: Verified,
  said: { readonly keptSize: number | undefined; readonly isUnproven: boolean; readonly hasWitnesses: boolean },
  stdout: TextOutput,
): void {
  const { origin, treeSize, tiles, bundles, blocks, minimumIndex } = result;
  const mark = said.isUnproven ? styled(stdout, 'yellow', '! consistent') : styled(stdout, 'green', '✔ consistent');
  const lines = [
    `${mark}  ${plainText(origin)}: ${grouped(treeSize)} entries, ${grouped(tiles)} hash tiles, ${grouped(bundles)} entry bundles`,
    `  root ${Buffer.from(result.root).toString('base64')}`,
  ];
  if (blocks !== undefined)
    lines.push(
      `  blocks: ${grouped(blocks.count)} in ${grouped(blocks.segments)} files, every header, ciphertext and leaf`,
      '  contents: sealed and not opened, which takes keys of the vault; what an event says is proven by its proof',
    );
  if ((blocks?.hollow ?? 0) > 0)
    lines.push(
      `  erased and let go of: the content of ${grouped(blocks?.hollow ?? 0)} blocks; their leaves are all there`,
    );
  if (minimumIndex > 0) lines.push(`  pruned: entries below ${grouped(minimumIndex)} are published as hashes alone`);
  if ((blocks?.unsigned ?? 0) > 0)
    lines.push(`  not signed yet: ${grouped(blocks?.unsigned ?? 0)} events after the checkpoint`);
  if ((blocks?.unfinishedBytes ?? 0) > 0)
    lines.push(
      `  unfinished: ${grouped(blocks?.unfinishedBytes ?? 0)} bytes after everything signed, a write that was under way`,
    );
  if (said.keptSize !== undefined)
    lines.push(
      `  grown from the ${grouped(said.keptSize)} entries of the checkpoint you gave, with nothing changed before`,
    );
  if (said.hasWitnesses) lines.push('  cosigned by the witnesses you asked for');
  if (result.entries === 'absent') lines.push('  entries: not checked, the directory holds only hashes');
  lines.push(
    result.signature === 'verified'
      ? `  signature: ${styled(stdout, 'green', 'verified')} with the key you gave`
      : `  signature: ${styled(stdout, 'yellow', 'NOT CHECKED')}: whoever wrote these files could have made up all of them`,
  );
  stdout.write(`${lines.join('\n')}\n`);
}

/** A wrong path must not sound like a log that was tampered with. */
async function refuseWhatIsNoLog(directory: string): Promise<void> {
  const kindOf = (path: string): Promise<'directory' | 'other' | undefined> =>
    stat(path).then(
      (found) => (found.isDirectory() ? 'directory' : 'other'),
      (error: unknown) => {
        if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
        throw new CliError('input_unreadable', `Cannot read "${path}": ${whyNot(error)}`, { cause: error });
      },
    );
  const hint = 'name the directory that holds the file checkpoint: data/ledger/logs/1 is the first log of a server';
  const kind = await kindOf(directory);
  if (kind !== 'directory') {
    const why = kind === undefined ? 'there is no such directory' : 'it is no directory';
    throw new CliError('input_unreadable', `Cannot read "${directory}": ${why}`, { hint });
  }
  const parts = await Promise.all(['checkpoint', 'tile'].map((name) => kindOf(join(directory, name))));
  if (parts.every((part) => part === undefined))
    throw new CliError(
      'input_unreadable',
      `Cannot find a log in "${directory}": it holds neither checkpoint nor tile/`,
      {
        hint,
      },
    );
}
