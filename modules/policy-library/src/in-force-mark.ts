import { messageOf } from '@sallyport/platform/errors';

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

/** The row that says what is in force was written by somebody else, or is damaged. */
export class InForceUnreadable extends Error {
  constructor(why: string, options?: ErrorOptions) {
    super(`what stands in the database of the version in force cannot be read: ${why}`, options);
    this.name = 'InForceUnreadable';
  }
}

/** A version that stands in the database does not open, or is not of the form it had: never that the database does not answer. */
export class UnreadableRow extends Error {
  constructor(cause: unknown) {
    super(messageOf(cause), { cause });
    this.name = 'UnreadableRow';
  }
}

export function createMarkKeeper(needs: { readonly mark: InForceMark; readonly onTrouble: (error: unknown) => void }): {
  /** Throws `OlderPolicies`. What is newer than the mark is noted: another server, or this one before it stopped, put it into force. */
  compare(activations: number): Promise<void>;
  /** Why the mark cannot be told; undefined when it can. */
  lost(): Promise<string | undefined>;
  /** Somebody put a version into force, however much was known of what was in force before: the mark counts from it on. */
  took(activations: number): Promise<void>;
  /** As far as it is known. */
  last(): number;
} {
  let known: number | undefined;
  let turn: Promise<void> = Promise.resolve();
  const note = async (activations: number): Promise<void> => {
    try {
      await needs.mark.write(activations);
      known = activations;
    } catch (error) {
      // It is tried again with the next look; until then the one before is what protects.
      needs.onTrouble(error);
    }
  };
  const compareNow = async (activations: number): Promise<void> => {
    known ??= await needs.mark.read();
    if (activations < known) throw new OlderPolicies(activations, known);
    if (activations > known) await note(activations);
  };
  const read = async (): Promise<string | undefined> => {
    try {
      known ??= await needs.mark.read();
      return undefined;
    } catch (error) {
      return `what the vault keeps of the policies in force cannot be read: ${messageOf(error)}`;
    }
  };
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const done = turn.then(work);
    turn = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  };
  return {
    // One after the other: of two that are written at once the lower one must not stay.
    compare: (activations) => inTurn(() => compareNow(activations)),
    lost: () => inTurn(read),
    took: (activations) =>
      inTurn(async () => {
        const lost = await read();
        if (lost !== undefined || activations > (known ?? 0)) await note(activations);
      }),
    last: () => known ?? 0,
  };
}
