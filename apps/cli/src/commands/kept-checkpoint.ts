import {
  createTileReader,
  evaluateQuorum,
  formatTilePath,
  parseSignedCheckpoint,
  verifyCosignature,
  verifyNote,
} from '@sallyport/merkle-log';
import type { Checkpoint, VerifierKey } from '@sallyport/merkle-log';
import { messageOf } from '@sallyport/platform/errors';
import { CliError } from '../errors.ts';
import { readBoundedFile } from '../regular-file.ts';
import { whyNot } from '../system-errors.ts';
import { readPolicyFile, readWitnessKeys } from './witness-options.ts';
import type { WitnessOptions } from './witness-options.ts';

const maxNoteBytes = 64 * 1024;

type VerifiedLog = {
  readonly origin: string;
  readonly treeSize: number;
  readonly root: Uint8Array;
  /** Undefined where there is none. */
  readonly read: (path: string) => Promise<Uint8Array | undefined>;
};

/**
 * Whether a log that agrees with itself also agrees with a checkpoint kept elsewhere: it must have only grown since.
 * A log that was put back to an earlier state lacks entries, one rewritten since has others. Gives the size the log had.
 * Throws `CliError` `not_verified`. Without a key, who signed the kept checkpoint is not checked.
 */
export async function compareWithKept(
  log: VerifiedLog,
  file: string,
  verifierKey: VerifierKey | undefined,
): Promise<number> {
  const kept = await readKept(file, verifierKey, log.origin);
  if (kept.treeSize > log.treeSize) {
    throw refuse(
      `the log has ${log.treeSize} entries, the checkpoint "${file}" covers ${kept.treeSize}: entries are gone`,
      'the directory was put back to an earlier state, or cut',
    );
  }
  if (!Buffer.from(kept.root).equals(await rootAt(log, kept.treeSize))) {
    throw refuse(
      `the first ${kept.treeSize} entries are not those that the checkpoint "${file}" covers: the log holds other entries`,
      'the directory was put back to an earlier state and went on from there, or was rewritten',
    );
  }
  return kept.treeSize;
}

async function readKept(file: string, verifierKey: VerifierKey | undefined, origin: string): Promise<Checkpoint> {
  const bytes = await readBoundedFile(file, maxNoteBytes).catch((error: unknown) => {
    throw new CliError('input_unreadable', `Cannot read "${file}": ${whyNot(error)}`, {
      cause: error,
      hint: 'sallyport ledger checkpoint > FILE keeps one',
    });
  });
  const note = bytes.toString();
  try {
    const { checkpoint } = parseSignedCheckpoint(note);
    if (checkpoint.origin !== origin)
      throw refuse(
        `the checkpoint "${file}" is of log "${checkpoint.origin}", not "${origin}"`,
        'after a restore a ledger goes on in the next log: keep a file for each (--log NUMBER)',
      );
    const verified = verifierKey === undefined ? undefined : verifyNote({ note, verifierKeys: [verifierKey] });
    if (verified?.ok === false) throw new Error(verified.reason);
    return checkpoint;
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw refuse(
      `"${file}" is no checkpoint of this log: ${messageOf(error)}`,
      'sallyport ledger checkpoint prints one',
      error,
    );
  }
}

/**
 * Whether the witnesses asked for have cosigned the checkpoint in a file. Throws `CliError` `not_verified`, and `usage` for a policy
 * without the key of the log.
 */
export async function requireCosigned(
  file: string,
  options: WitnessOptions,
  verifierKey: VerifierKey | undefined,
): Promise<void> {
  if (options.witness === undefined && options.policy === undefined) return;
  const checkpoint = (await readBoundedFile(file, maxNoteBytes)).toString();
  const { note } = parseSignedCheckpoint(checkpoint);
  for (const key of await readWitnessKeys(options)) {
    const signature = note.signatures.find(({ name, keyId }) => name === key.name && keyId === key.keyId);
    const verified =
      signature === undefined ? undefined : verifyCosignature({ text: note.text, key, bytes: signature.signature });
    if (verified?.ok !== true) throw refuse(`witness "${key.name}" has not cosigned the checkpoint "${file}"`);
  }
  if (options.policy === undefined) return;
  if (verifierKey === undefined)
    throw new CliError('usage', 'Cannot judge by a policy: must know the key of the log, --key VKEY');
  const quorum = evaluateQuorum({ policy: await readPolicyFile(options.policy), checkpoint, logKeys: [verifierKey] });
  if (!quorum.ok) throw refuse(`the checkpoint "${file}" is not cosigned as the policy asks: ${quorum.reason}`);
}

async function rootAt(log: VerifiedLog, treeSize: number): Promise<Uint8Array> {
  if (treeSize === log.treeSize) return log.root;
  const reader = createTileReader({
    treeSize: log.treeSize,
    root: log.root,
    async readTile(level, index, width) {
      const found =
        (await log.read(formatTilePath({ level, index, width }))) ??
        (await log.read(formatTilePath({ level, index, width: 256 })));
      if (found === undefined) throw refuse(`${formatTilePath({ level, index, width })} is missing`);
      return found;
    },
  });
  return (await reader.proveConsistency(treeSize)).oldRoot;
}

function refuse(reason: string, hint?: string, cause?: unknown): CliError {
  return new CliError('not_verified', `Cannot verify: ${reason}`, {
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });
}
