import { parseSignedCheckpoint } from '@sallyport/merkle-log';
import { repeatableTransaction, type Database } from '@sallyport/platform/database';

/**
 * The newest checkpoint this installation has seen, kept in the control database: apart from the ledger's directory, so
 * that putting only that back to an earlier state is noticed. Putting back everything together is not; a witness,
 * or a checkpoint kept elsewhere, is needed for that.
 */
export type AnchorStore = {
  newest(): Promise<string | undefined>;
  /** Never replaces a later one of the same log. */
  remember(checkpoint: string): Promise<void>;
};

type AnchorTables = { ledger_anchor: { id: number; checkpoint: string } };

export function createAnchorStore(plain: Database): AnchorStore {
  const database = plain.withTables<AnchorTables>();
  async function newest(): Promise<string | undefined> {
    const row = await database.selectFrom('ledger_anchor').select('checkpoint').where('id', '=', 1).executeTakeFirst();
    return row?.checkpoint;
  }

  return {
    newest,
    async remember(checkpoint) {
      const known = await newest();
      if (known !== undefined && isLater(known, checkpoint)) return;
      // A machine that loses power may come up with an older one, as if this had been asked for some seconds ago.
      await repeatableTransaction(database, (transaction) =>
        transaction
          .insertInto('ledger_anchor')
          .values({ id: 1, checkpoint })
          .onConflict((conflict) => conflict.column('id').doUpdateSet({ checkpoint }))
          .execute(),
      );
    },
  };
}

function isLater(known: string, checkpoint: string): boolean {
  const [one, other] = [known, checkpoint].map(sizeIn);
  return one?.origin !== undefined && one.origin === other?.origin && one.treeSize > other.treeSize;
}

/** Undefined when it cannot be read: then it stands in nobody's way. */
function sizeIn(note: string): { readonly origin: string; readonly treeSize: number } | undefined {
  try {
    return parseSignedCheckpoint(note).checkpoint;
  } catch {
    return undefined;
  }
}
