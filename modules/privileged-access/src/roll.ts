import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import { openText, sealText } from '@sallyport/platform/sealed-text';
import { createTurns } from '@sallyport/platform/turns';
import { PrivilegeError } from './errors.ts';
import type { PrivilegeNeeds } from './needs.ts';

/**
 * What is open, and as what: a seal tells a row that was made up from one that was written, and not one of before from one of now.
 * Each row of something open is sealed under a number, and the roll, sealed too, says which number counts for which. How far the
 * numbers have come is kept outside the database (decision 0076), so that the roll of before is found out as well.
 */
export type Roll = {
  read(where: Database | Transaction): Promise<RollContent | undefined>;
  /** What counts: undefined where it is not what this server saw last. */
  standing(where: Database | Transaction): Promise<RollContent['open'] | undefined>;
  /** In the transaction that writes the row: the number to seal it under. Throws `privileges_unsettled`. */
  note(transaction: Transaction, noted: { readonly id: string; readonly isOpen: boolean }): Promise<number>;
  /** After a commit: keeps outside how far it has come. */
  settle(): Promise<void>;
  /** Whether it is what this server saw last; where it was set back, it has to be begun anew. */
  look(): Promise<'same' | 'changed' | 'set-back'>;
  /** What was looked at last was followed wholly: from then on it is the same. Until then it is changed at each look. */
  followed(): void;
  /** At a start, before anything is held. */
  begin(): Promise<'known' | 'first' | 'set-back'>;
  /** With nothing open, beyond every number there was. Undefined when somebody has done it meanwhile. */
  beginAnew(transaction: Transaction): Promise<{ readonly found: number; readonly last: number } | undefined>;
};

type RollContent = {
  readonly number: number;
  /** By the id of the request or account. */
  readonly open: ReadonlyMap<string, number>;
};

type Tables = { privilege_roll: { name: string; sealed: string } };

export function createRoll(
  needs: Pick<PrivilegeNeeds, 'database' | 'sealingKey' | 'random' | 'mark' | 'onTrouble'>,
  /** Rights that are open, or accounts that sealed codes open. Each has a number of its own outside. */
  rowName: 'open' | 'codes' = 'open',
): Roll {
  const place = rowName === 'open' ? 'privilege-roll' : 'privilege-roll/codes';
  const inTurn = createTurns();
  /** The greatest number that this server has seen, and the one that is kept outside; undefined where that cannot be told. */
  let last = 0;
  let keptOutside: number | undefined;
  let looked: string | undefined;
  let seen: string | undefined;

  const rows = (where: Database | Transaction) => where.withTables<Tables>();
  const sealedIn = async (where: Database | Transaction): Promise<string | undefined> =>
    (await rows(where).selectFrom('privilege_roll').select('sealed').where('name', '=', rowName).executeTakeFirst())
      ?.sealed;
  const opened = (sealed: string | undefined): RollContent | undefined => {
    try {
      const read = sealed === undefined ? undefined : parseJson(openText(needs.sealingKey, place, sealed));
      if (!isJsonObject(read) || typeof read['number'] !== 'number' || !isJsonObject(read['open'])) return undefined;
      const open = Object.entries(read['open']).flatMap(([id, number]): [string, number][] =>
        typeof number === 'number' ? [[id, number]] : [],
      );
      return { number: read['number'], open: new Map(open) };
    } catch {
      return undefined;
    }
  };
  const isOld = (content: RollContent | undefined): boolean => content === undefined || content.number < last;

  async function write(transaction: Transaction, { number, open }: RollContent): Promise<void> {
    const sealed = sealText(needs, place, JSON.stringify({ number, open: Object.fromEntries(open) }));
    await rows(transaction)
      .insertInto('privilege_roll')
      .values({ name: rowName, sealed })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ sealed }))
      .execute();
  }

  const roll: Roll = {
    read: async (where) => opened(await sealedIn(where)),

    async standing(where) {
      const content = await roll.read(where);
      return isOld(content) ? undefined : content?.open;
    },

    async note(transaction, { id, isOpen }) {
      const content = await roll.read(transaction);
      if (content === undefined || isOld(content))
        throw new PrivilegeError(
          'privileges_unsettled',
          'Cannot change rights held for a time now: the database was set back, and they are being put in order',
          { hint: 'try again in a few seconds' },
        );
      const number = content.number + 1;
      const open = new Map(content.open);
      if (isOpen) open.set(id, number);
      else open.delete(id);
      await write(transaction, { number, open });
      return number;
    },

    settle: () =>
      inTurn(async () => {
        const content = await roll.read(needs.database);
        last = Math.max(last, content?.number ?? 0);
        if (keptOutside !== undefined && keptOutside >= last) return;
        try {
          await needs.mark.write(last);
          keptOutside = last;
        } catch (error) {
          // It is tried again with the next change; until then what this server has seen is what protects.
          needs.onTrouble('keep how far the roll of rights has come', error);
        }
      }),

    async look() {
      const sealed = await sealedIn(needs.database);
      const content = opened(sealed);
      if (isOld(content)) return 'set-back';
      if (sealed === seen) return 'same';
      looked = sealed;
      last = Math.max(last, content?.number ?? 0);
      return 'changed';
    },

    followed() {
      seen = looked;
    },

    async begin() {
      try {
        keptOutside = await needs.mark.read();
        last = keptOutside;
      } catch (error) {
        needs.onTrouble('tell how far the roll of rights had come', error);
      }
      const sealed = await sealedIn(needs.database);
      if (sealed === undefined && keptOutside === 0) return 'first';
      // What is kept outside cannot be read: nobody can tell whether this one is the newest.
      return keptOutside === undefined || isOld(opened(sealed)) ? 'set-back' : 'known';
    },

    async beginAnew(transaction) {
      const content = await roll.read(transaction);
      if (keptOutside !== undefined && !isOld(content)) return undefined;
      const found = content?.number ?? 0;
      await write(transaction, { number: Math.max(found, last) + 1, open: new Map() });
      return { found, last };
    },
  };
  return roll;
}
