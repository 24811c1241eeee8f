import type { InForceMark } from './in-force-mark.ts';

/** How far numbers of versions have come, kept outside the database: none is given twice, though its version be taken out of the database. */
export type GivenNumbers = {
  /** Before anything was ever given, or sealed, a number. False where that cannot be told. */
  isFirst(): Promise<boolean>;
  /** The highest, as far as it is known. */
  last(): Promise<number>;
  note(last: number): Promise<void>;
};

/** What is kept is the number that comes next, so that 0 is before all. */
export function createGivenNumbers(needs: {
  readonly mark: InForceMark;
  readonly onTrouble: (error: unknown) => void;
}): GivenNumbers {
  let next: number | undefined;
  async function known(): Promise<number | undefined> {
    try {
      next = Math.max(next ?? 0, await needs.mark.read());
    } catch (error) {
      needs.onTrouble(error);
    }
    return next;
  }
  return {
    isFirst: async () => (await known()) === 0,
    last: async () => Math.max(0, ((await known()) ?? 0) - 1),
    async note(last) {
      if (last + 1 <= (next ?? 0)) return;
      try {
        await needs.mark.write(last + 1);
        next = last + 1;
      } catch (error) {
        // Written again with the next; until then the database alone tells.
        needs.onTrouble(error);
      }
    },
  };
}
