import { parseSignedCheckpoint } from '@sallyport/merkle-log';
import type { CosignedCheckpoint } from '../log-prover.ts';
import type { TimeStampStore } from './time-stamp-store.ts';

/** Of the smallest trees that hold an entry; more than one where authorities stamp the same, or another with fewer witnesses. */
const candidates = 8;
const mostStamps = 4;

/**
 * The checkpoint to prove an entry by: the earliest stamped one that holds it, since the sooner it existed the less could be made
 * up; unless more witnesses have cosigned another, which is then better.
 */
export async function stampedForProof(
  store: Pick<TimeStampStore, 'covering'>,
  { log, index }: { readonly log: number; readonly index: number },
  cosigned: CosignedCheckpoint | undefined,
): Promise<CosignedCheckpoint | undefined> {
  const covering = await store.covering(log, index, candidates);
  const covers = cosigned !== undefined && parseSignedCheckpoint(cosigned.checkpoint).checkpoint.treeSize > index;
  const witnesses = covers ? cosigned.witnessKeys.length : 0;
  const found = covering.find(({ witnessKeys }) => witnessKeys.length >= witnesses);
  if (found === undefined) return cosigned;
  const { checkpoint, witnessKeys } = found;
  const same = covering.filter((one) => one.checkpoint === checkpoint).slice(0, mostStamps);
  return { checkpoint, witnessKeys, timeStamps: same.map(({ token }) => token) };
}
