import { join } from 'node:path';
import { formatVerifierKey, parseSignedCheckpoint, verifyNote } from '@sallyport/merkle-log';
import type { Checkpoint, VerifierKey } from '@sallyport/merkle-log';
import { messageOf } from '@sallyport/platform/errors';
import { byteFault, faultRanks } from './log-fault.ts';
import type { LogFault, PlacedFault } from './log-fault.ts';
import { readLogFile } from './read-log-file.ts';

/** The checkpoint of a log as its directory has it, and what disagrees with it there. */
export type LogHead =
  | { readonly ok: true; readonly checkpoint: Checkpoint; readonly besides: readonly PlacedFault[] }
  | { readonly ok: false; readonly fault: LogFault };

export function readLogHead(
  directory: string,
  expected: { readonly verifierKey: VerifierKey | undefined; readonly origin: string | undefined },
): LogHead {
  const bytes = readLogFile(join(directory, 'checkpoint'));
  // A signature covers every byte of the text, and every byte of the note is text or signature.
  const fault = (reason: string, wanted: string, found: string): LogHead => ({
    ok: false,
    fault: { path: 'checkpoint', offset: 0, length: Math.max(1, bytes?.length ?? 0), reason, expected: wanted, found },
  });
  if (bytes === undefined) return fault('The checkpoint is missing', 'a signed checkpoint', 'no file');
  let checkpoint: Checkpoint;
  try {
    ({ checkpoint } = parseSignedCheckpoint(bytes));
  } catch (error) {
    return fault(messageOf(error), 'a signed checkpoint', 'none');
  }
  const { verifierKey, origin } = expected;
  if (origin !== undefined && checkpoint.origin !== origin)
    return fault('It is the checkpoint of another log', origin, checkpoint.origin);
  if (verifierKey !== undefined) {
    const signed = verifyNote({ note: bytes, verifierKeys: [verifierKey] });
    if (!signed.ok) return fault(signed.reason, `a signature by ${verifierKey.name}`, 'none that verifies');
    if (verifierKey.name !== checkpoint.origin)
      return fault('The key is not that of this log', verifierKey.name, checkpoint.origin);
  }
  const besides: PlacedFault[] = [];
  for (const [path, text] of [
    ['vkey', verifierKey === undefined ? undefined : `${formatVerifierKey(verifierKey)}\n`],
    ['origin', `${checkpoint.origin}\n`],
  ] as const) {
    const found = readLogFile(join(directory, path));
    if (found === undefined || text === undefined || found.equals(Buffer.from(text))) continue;
    besides.push({
      entry: 0,
      rank: faultRanks.checkpoint,
      fault: byteFault(
        { path, offset: 0, reason: `The file ${path} is not that of this log` },
        Buffer.from(text),
        found,
      ),
    });
  }
  return { ok: true, checkpoint, besides };
}
