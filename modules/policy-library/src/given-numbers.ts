import type { InForceMark } from './in-force-mark.ts';

/** How far numbers of versions have come, kept outside the database: none is given twice, though its version be taken out of the database. */
export type GivenNumbers = {
  /** Whether this vault knows that what an earlier version of the product left was sealed. */
  takenOver(): Promise<'yes' | 'no' | 'unknown'>;
  /** The highest, as far as it is known. */
  last(): Promise<number>;
  /** What an earlier version of the product left is sealed: from here on numbers are noted, from `last` on. */
  begin(last: number): Promise<void>;
  /** Nothing is noted before `begin`, or where what is kept cannot be read: it would say of what was not taken over that it was. */
  note(last: number): Promise<void>;
};

/** What is kept is the number that comes next, so that 0 is before all. */
export function createGivenNumbers(needs: {
  readonly mark: InForceMark;
  readonly onTrouble: (error: unknown) => void;
}): GivenNumbers {
  let next: number | undefined;
  let isBegun = false;
  async function known(): Promise<number | undefined> {
    try {
      next = Math.max(next ?? 0, await needs.mark.read());
    } catch (error) {
      needs.onTrouble(error);
    }
    return next;
  }
  async function note(last: number): Promise<void> {
    const kept = await known();
    if (kept === undefined || (kept === 0 && !isBegun) || last + 1 <= kept) return;
    try {
      await needs.mark.write(last + 1);
      next = last + 1;
    } catch (error) {
      // Written again with the next; until then the database alone tells.
      needs.onTrouble(error);
    }
  }
  return {
    async takenOver() {
      const kept = await known();
      if (kept === undefined) return 'unknown';
      return kept === 0 ? 'no' : 'yes';
    },
    last: async () => Math.max(0, ((await known()) ?? 0) - 1),
    async begin(last) {
      isBegun = true;
      await note(last);
    },
    note,
  };
}
