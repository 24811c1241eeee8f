import type { JsonObject } from '@sallyport/contracts';
import { isJsonObject, parseJson, textsOf } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { CosignedCheckpoint } from '../log-prover.ts';
import type { HeldOutside } from '../restored-event.ts';

export type Witness = {
  readonly id: string;
  /** Without a slash at its end. */
  readonly url: string;
  /** A signed-note vkey of type cosignature/v1. */
  readonly verifierKey: string;
  readonly authorityPem: string | undefined;
  readonly addedAtMs: number;
  readonly addedBy: { readonly id: string; readonly name: string };
};

export type WitnessPolicy = {
  /** How many must cosign the same checkpoint. */
  readonly needed: number;
  /** How old the first entry no quorum covers may become before that is an alarm. */
  readonly tailLimitMs: number;
};

/** What one witness cosigned last of one log. */
export type Cosigned = { readonly size: number; readonly atMs: number };

/** The newest checkpoint of a log that satisfied the policy. */
export type QuorumCheckpoint = CosignedCheckpoint & { readonly size: number; readonly atMs: number };

type Tables = {
  ledger_witness: {
    id: string;
    url: string;
    verifier_key: string;
    authority_pem: string | null;
    added_at_ms: number;
    added_by: string;
    added_by_name: string;
  };
  ledger_witness_policy: { id: number; needed: number; tail_limit_ms: number };
  ledger_witness_cosigned: { witness_id: string; log: number; size: number; at_ms: number };
  ledger_quorum: { log: number; size: number; at_ms: number; checkpoint: string; witness_keys: string };
  ledger_held_checkpoint: { log: number; checkpoint: string; witness: string };
  ledger_witness_alarm: { id: string; details: string };
};

export const defaultPolicy: WitnessPolicy = { needed: 1, tailLimitMs: 3_600_000 };

/** What is kept about witnesses, in the control database: apart from the ledger's directory. */
export type WitnessStore = ReturnType<typeof createWitnessStore>;

export function createWitnessStore(plain: Database) {
  const database = plain.withTables<Tables>();
  const inside = (transaction: Transaction) => transaction.withTables<Tables>();
  return {
    async list(): Promise<readonly Witness[]> {
      const rows = await database
        .selectFrom('ledger_witness')
        .selectAll()
        .orderBy('added_at_ms')
        .orderBy('id')
        .execute();
      return rows.map((row) => ({
        id: row.id,
        url: row.url,
        verifierKey: row.verifier_key,
        authorityPem: row.authority_pem ?? undefined,
        addedAtMs: row.added_at_ms,
        addedBy: { id: row.added_by, name: row.added_by_name },
      }));
    },
    async add(
      transaction: Transaction,
      { id, url, verifierKey, authorityPem, addedAtMs, addedBy }: Witness,
    ): Promise<void> {
      await inside(transaction)
        .insertInto('ledger_witness')
        .values({
          id,
          url,
          verifier_key: verifierKey,
          authority_pem: authorityPem ?? null,
          added_at_ms: addedAtMs,
          added_by: addedBy.id,
          added_by_name: addedBy.name,
        })
        .execute();
    },
    async remove(transaction: Transaction, id: string): Promise<void> {
      await inside(transaction).deleteFrom('ledger_witness').where('id', '=', id).execute();
      await inside(transaction).deleteFrom('ledger_witness_cosigned').where('witness_id', '=', id).execute();
    },
    async policy(): Promise<WitnessPolicy> {
      const row = await database.selectFrom('ledger_witness_policy').selectAll().where('id', '=', 1).executeTakeFirst();
      return row === undefined ? defaultPolicy : { needed: row.needed, tailLimitMs: row.tail_limit_ms };
    },
    async setPolicy(transaction: Transaction, { needed, tailLimitMs }: WitnessPolicy): Promise<void> {
      const values = { needed, tail_limit_ms: tailLimitMs };
      await inside(transaction)
        .insertInto('ledger_witness_policy')
        .values({ id: 1, ...values })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
        .execute();
    },
    /** By witness id. */
    async cosigned(log: number): Promise<ReadonlyMap<string, Cosigned>> {
      const rows = await database.selectFrom('ledger_witness_cosigned').selectAll().where('log', '=', log).execute();
      return new Map(rows.map((row) => [row.witness_id, { size: row.size, atMs: row.at_ms }]));
    },
    async rememberCosigned(witnessId: string, log: number, { size, atMs }: Cosigned): Promise<void> {
      const values = { size, at_ms: atMs };
      await database
        .insertInto('ledger_witness_cosigned')
        .values({ witness_id: witnessId, log, ...values })
        .onConflict((conflict) => conflict.columns(['witness_id', 'log']).doUpdateSet(values))
        .execute();
    },
    async quorum(log: number): Promise<QuorumCheckpoint | undefined> {
      const row = await database.selectFrom('ledger_quorum').selectAll().where('log', '=', log).executeTakeFirst();
      if (row === undefined) return undefined;
      const { checkpoint, witness_keys: keys } = row;
      return {
        checkpoint,
        witnessKeys: textsOf(parseJson(keys)),
        size: row.size,
        atMs: row.at_ms,
      };
    },
    /** Never replaces one of a larger tree. */
    async rememberQuorum(log: number, { checkpoint, witnessKeys, size, atMs }: QuorumCheckpoint): Promise<void> {
      const values = { size, at_ms: atMs, checkpoint, witness_keys: JSON.stringify(witnessKeys) };
      await database
        .insertInto('ledger_quorum')
        .values({ log, ...values })
        .onConflict((conflict) =>
          conflict.column('log').doUpdateSet(values).where('ledger_quorum.size', '<=', values.size),
        )
        .execute();
    },
    async heldOutside(log: number): Promise<readonly HeldOutside[]> {
      return database.selectFrom('ledger_held_checkpoint').selectAll().where('log', '=', log).execute();
    },
    /** One of each witness: what proves nothing must not take the place of what does. */
    async rememberHeldOutside({ log, checkpoint, witness }: HeldOutside): Promise<void> {
      await database
        .insertInto('ledger_held_checkpoint')
        .values({ log, checkpoint, witness })
        .onConflict((conflict) => conflict.columns(['log', 'witness']).doUpdateSet({ checkpoint }))
        .execute();
    },
    /** What is wrong now and was told once, by its id. */
    async alarms(): Promise<ReadonlyMap<string, JsonObject>> {
      const rows = await database.selectFrom('ledger_witness_alarm').selectAll().execute();
      return new Map(
        rows.map(({ id, details }) => {
          const read = parseJson(details);
          return [id, isJsonObject(read) ? read : {}];
        }),
      );
    },
    async raise(transaction: Transaction, id: string, details: JsonObject): Promise<void> {
      await inside(transaction)
        .insertInto('ledger_witness_alarm')
        .values({ id, details: JSON.stringify(details) })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute();
    },
    async settle(transaction: Transaction, id: string): Promise<void> {
      await inside(transaction).deleteFrom('ledger_witness_alarm').where('id', '=', id).execute();
    },
  };
}
