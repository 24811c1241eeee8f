import { parseVerifierKey } from '@sallyport/merkle-log';

/**
 * How many witnesses these keys are. Whose a key is, only its name says: keys of one name are one witness, wherever each is asked.
 * One operator under several names counts several times; who adds a witness answers for that.
 */
export function witnessCount(verifierKeys: readonly string[]): number {
  return new Set(verifierKeys.map((key) => parseVerifierKey(key).name)).size;
}

/** When as many witnesses as needed had signed, by their own clocks; undefined while they have not. */
export function enoughSince(
  signed: readonly { readonly verifierKey: string; readonly atMs: number }[],
  needed: number,
): number | undefined {
  const names = new Set<string>();
  for (const { verifierKey, atMs } of signed.toSorted((a, b) => a.atMs - b.atMs)) {
    names.add(parseVerifierKey(verifierKey).name);
    if (names.size >= needed) return atMs;
  }
  return undefined;
}
