/**
 * How often policies were put into force, kept outside the database (decision 0068): whoever writes an older row back into it, or
 * takes the row away, is found out by the number, since no row that was ever sealed has a greater one.
 */
export type InForceMark = {
  /** 0 before there is any. Rejects when it cannot be told. */
  read(): Promise<number>;
  write(activations: number): Promise<void>;
};

/** The database has older policies in force than those that were put into force last. */
export class OlderPolicies extends Error {
  constructor(found: number, last: number) {
    super(
      `the policies in force are older than those last put into force (${found} of ${last}): the database was set back, or somebody changed it`,
    );
    this.name = 'OlderPolicies';
  }
}

export function createMarkKeeper(needs: { readonly mark: InForceMark; readonly onTrouble: (error: unknown) => void }): {
  /** Throws `OlderPolicies`. What is newer than the mark is noted: another server, or this one before it stopped, put it into force. */
  compare(activations: number): Promise<void>;
  /** As far as it is known. */
  last(): number;
} {
  let known: number | undefined;
  let turn: Promise<void> = Promise.resolve();
  const compareNow = async (activations: number): Promise<void> => {
    known ??= await needs.mark.read();
    if (activations < known) throw new OlderPolicies(activations, known);
    if (activations === known) return;
    try {
      await needs.mark.write(activations);
      known = activations;
    } catch (error) {
      // It is tried again with the next look; until then the one before is what protects.
      needs.onTrouble(error);
    }
  };
  return {
    // One after the other: of two that are written at once the lower one must not stay.
    compare(activations) {
      const compared = turn.then(() => compareNow(activations));
      turn = compared.catch(() => undefined);
      return compared;
    },
    last: () => known ?? 0,
  };
}
