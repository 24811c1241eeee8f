import { parseJson, textsOf } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';

export type TimeAuthority = {
  readonly id: string;
  readonly url: string;
  /** PEM of what its time-stamps must lead to. */
  readonly rootsPem: string;
  /** PEM of what its TLS certificate must lead to, if not the system's authorities. */
  readonly authorityPem: string | undefined;
  readonly addedAtMs: number;
  readonly addedBy: { readonly id: string; readonly name: string };
};

/** A checkpoint with the word of an authority that it existed by then. */
export type StoredStamp = {
  readonly log: number;
  readonly size: number;
  readonly authorityId: string;
  readonly atMs: number;
  readonly accuracyMs: number | undefined;
  readonly serialNumber: string;
  readonly signer: string;
  readonly signerUntilMs: number;
  readonly root: string;
  readonly rootSha256: string;
  /** The signed note, with cosignatures where there were any, and a vkey for each of these. */
  readonly checkpoint: string;
  readonly witnessKeys: readonly string[];
  /** DER in base64. */
  readonly token: string;
};

type Tables = {
  ledger_time_authority: {
    id: string;
    url: string;
    roots_pem: string;
    authority_pem: string | null;
    added_at_ms: number;
    added_by: string;
    added_by_name: string;
  };
  ledger_time_setting: { id: number; every_minutes: number };
  ledger_time_stamp: {
    log: number;
    size: number;
    authority_id: string;
    at_ms: number;
    accuracy_ms: number | null;
    serial_number: string;
    signer: string;
    signer_until_ms: number;
    root: string;
    root_sha256: string;
    checkpoint: string;
    witness_keys: string;
    token: string;
  };
};

const defaultEveryMinutes = 60;

/** What is kept about time-stamps, in the control database: apart from the ledger's directory, which has the files too. */
export type TimeStampStore = ReturnType<typeof createTimeStampStore>;

export function createTimeStampStore(plain: Database) {
  const database = plain.withTables<Tables>();
  const inside = (transaction: Transaction) => transaction.withTables<Tables>();
  const read = (row: Tables['ledger_time_stamp']): StoredStamp => ({
    log: row.log,
    size: row.size,
    authorityId: row.authority_id,
    atMs: row.at_ms,
    accuracyMs: row.accuracy_ms ?? undefined,
    serialNumber: row.serial_number,
    signer: row.signer,
    signerUntilMs: row.signer_until_ms,
    root: row.root,
    rootSha256: row.root_sha256,
    checkpoint: row.checkpoint,
    witnessKeys: textsOf(parseJson(row.witness_keys)),
    token: row.token,
  });
  return {
    async authorities(): Promise<readonly TimeAuthority[]> {
      const rows = await database
        .selectFrom('ledger_time_authority')
        .selectAll()
        .orderBy('added_at_ms')
        .orderBy('id')
        .execute();
      return rows.map((row) => ({
        id: row.id,
        url: row.url,
        rootsPem: row.roots_pem,
        authorityPem: row.authority_pem ?? undefined,
        addedAtMs: row.added_at_ms,
        addedBy: { id: row.added_by, name: row.added_by_name },
      }));
    },
    async add(transaction: Transaction, authority: TimeAuthority): Promise<void> {
      await inside(transaction)
        .insertInto('ledger_time_authority')
        .values({
          id: authority.id,
          url: authority.url,
          roots_pem: authority.rootsPem,
          authority_pem: authority.authorityPem ?? null,
          added_at_ms: authority.addedAtMs,
          added_by: authority.addedBy.id,
          added_by_name: authority.addedBy.name,
        })
        .execute();
    },
    /** What it has stamped stays. */
    async remove(transaction: Transaction, id: string): Promise<void> {
      await inside(transaction).deleteFrom('ledger_time_authority').where('id', '=', id).execute();
    },
    async everyMinutes(): Promise<number> {
      const row = await database.selectFrom('ledger_time_setting').selectAll().where('id', '=', 1).executeTakeFirst();
      return row?.every_minutes ?? defaultEveryMinutes;
    },
    async setEveryMinutes(transaction: Transaction, minutes: number): Promise<void> {
      await inside(transaction)
        .insertInto('ledger_time_setting')
        .values({ id: 1, every_minutes: minutes })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ every_minutes: minutes }))
        .execute();
    },
    async remember(transaction: Transaction, stamp: StoredStamp): Promise<void> {
      await inside(transaction)
        .insertInto('ledger_time_stamp')
        .values({
          log: stamp.log,
          size: stamp.size,
          authority_id: stamp.authorityId,
          at_ms: stamp.atMs,
          accuracy_ms: stamp.accuracyMs ?? null,
          serial_number: stamp.serialNumber,
          signer: stamp.signer,
          signer_until_ms: stamp.signerUntilMs,
          root: stamp.root,
          root_sha256: stamp.rootSha256,
          checkpoint: stamp.checkpoint,
          witness_keys: JSON.stringify(stamp.witnessKeys),
          token: stamp.token,
        })
        .onConflict((conflict) => conflict.columns(['log', 'size', 'authority_id']).doNothing())
        .execute();
    },
    async newest(log: number, authorityId: string): Promise<StoredStamp | undefined> {
      const row = await database
        .selectFrom('ledger_time_stamp')
        .selectAll()
        .where('log', '=', log)
        .where('authority_id', '=', authorityId)
        .orderBy('size', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row === undefined ? undefined : read(row);
    },
    /** Newest first. */
    async list(most: number): Promise<readonly StoredStamp[]> {
      const rows = await database
        .selectFrom('ledger_time_stamp')
        .selectAll()
        .orderBy('log', 'desc')
        .orderBy('size', 'desc')
        .orderBy('at_ms', 'desc')
        .limit(most)
        .execute();
      return rows.map(read);
    },
    async count(): Promise<number> {
      const row = await database
        .selectFrom('ledger_time_stamp')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirst();
      return row?.count ?? 0;
    },
    /** Those of the smallest trees that hold the entry, smallest first. */
    async covering(log: number, index: number, most: number): Promise<readonly StoredStamp[]> {
      const rows = await database
        .selectFrom('ledger_time_stamp')
        .selectAll()
        .where('log', '=', log)
        .where('size', '>', index)
        .orderBy('size')
        .orderBy('at_ms')
        .limit(most)
        .execute();
      return rows.map(read);
    },
    async ofSize(log: number, size: number): Promise<readonly StoredStamp[]> {
      const rows = await database
        .selectFrom('ledger_time_stamp')
        .selectAll()
        .where('log', '=', log)
        .where('size', '=', size)
        .orderBy('at_ms')
        .execute();
      return rows.map(read);
    },
  };
}
