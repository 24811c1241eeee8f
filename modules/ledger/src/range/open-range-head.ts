import { createFrontier, parseSignedCheckpoint, parseVerifierKey, verifyNote } from '@sallyport/merkle-log';
import type { Checkpoint, Frontier } from '@sallyport/merkle-log';
import { cosignaturesOf } from '../evidence.ts';
import type { EvidenceWitness } from '../evidence.ts';
import { hexOf, maxRangeEntries } from './range-format.ts';
import type { RangeHead } from './range-format.ts';
import { Refused } from './range-refusal.ts';
import { sourceIdOf } from './source-opening.ts';

/** The head of a file, checked against itself and the key. */
export type RangeReading = {
  readonly head: RangeHead;
  readonly checkpoint: Checkpoint;
  readonly witnesses: readonly EvidenceWitness[];
  /** What time-stamps are about. */
  readonly stamped: string;
  readonly tree: Frontier;
  readonly names: ReadonlyMap<string, string>;
  readonly claimedIds: ReadonlySet<string>;
  readonly classes: ReadonlySet<number>;
};

/** Throws `Refused`, and what the parsers of its parts throw. */
export function openRangeHead(head: RangeHead, givenKey: string | undefined): RangeReading {
  const { claim } = head;
  if (givenKey !== undefined && givenKey.trim() !== head.verifierKey)
    throw new Refused('key', 'The file is signed by another log than the one whose key was given');
  const logKey = parseVerifierKey(head.verifierKey);
  const signed = verifyNote({ note: head.checkpoint, verifierKeys: [logKey] });
  if (!signed.ok) throw new Refused('signature', signed.reason);
  const { note, checkpoint } = parseSignedCheckpoint(head.checkpoint);
  const witnesses = cosignaturesOf(note, head.witnessKeys, logKey);
  if (typeof witnesses === 'string') throw new Refused('signature', witnesses);
  if (logKey.name !== checkpoint.origin) throw new Refused('key', `The key is not that of log "${checkpoint.origin}"`);
  if (head.from >= head.to || head.to > checkpoint.treeSize)
    throw new Refused('form', `The range must lie in the ${checkpoint.treeSize} entries of the checkpoint`);
  if (head.to - head.from > maxRangeEntries)
    throw new Refused('form', `The range has ${head.to - head.from} entries, must have at most ${maxRangeEntries}`);
  const { between } = claim;
  if (between.from < head.from || between.to > head.to || between.from >= between.to)
    throw new Refused('claim', 'The file says it holds more than its range');
  const names = new Map<string, string>();
  for (const source of [...claim.sources, ...claim.named]) {
    const id = hexOf(source.id);
    if (names.has(id)) throw new Refused('sources', `The id of source "${source.name}" stands in the file twice`);
    if (source.opening !== undefined && hexOf(sourceIdOf(source.name, source.opening)) !== id)
      throw new Refused('sources', `The id given for source "${source.name}" is not its own`);
    names.set(id, source.name);
  }
  const claimedNames = new Set(claim.sources.map(({ name }) => name));
  const hiding = claim.named.find(({ name }) => claimedNames.has(name));
  if (hiding !== undefined)
    throw new Refused('sources', `Source "${hiding.name}" has another id, whose events are passed over`);
  return {
    head,
    checkpoint,
    witnesses,
    stamped: note.text,
    // Throws unless there is one hash for each complete subtree before the range.
    tree: createFrontier(head.from, head.left),
    names,
    claimedIds: new Set(claim.sources.map(({ id }) => hexOf(id))),
    classes: new Set(claim.classes),
  };
}
