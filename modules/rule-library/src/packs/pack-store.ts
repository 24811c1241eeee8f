import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Database, Transaction } from '@sallyport/platform/database';
import { openBytes, openText, sealText } from '@sallyport/platform/sealed-text';
import { parseJson } from '@sallyport/contracts';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { Check } from 'typebox/value';
import { isCatalogue } from './catalogue-text.ts';
import { RulePackError } from './errors.ts';
import { isPackState } from './pack-state.ts';
import type { PackState } from './pack-state.ts';
import type { PackCatalogue } from './read-catalogue.ts';

type Tables = {
  rule_packs: { name: string; state: string };
  rule_pack_catalogues: { name: string; version: string; catalogue: string };
  rule_pack_keys: { id: string; entry: string };
};

const TrustedKey = Type.Object(
  {
    /** Short id, as it stands in addresses. */
    id: Type.String(),
    /** `name+id+base64` */
    key: Type.String(),
    note: Type.String(),
    by: Type.Object({ kind: Type.String(), id: Type.String(), name: Type.String() }),
    atMs: Type.Number(),
  },
  { additionalProperties: false },
);
/** A verifier key (c2sp.org/signed-note) whose packs are taken. */
export type TrustedKey = Static<typeof TrustedKey>;

export type PackStore = ReturnType<typeof createPackStore>;

const maxCatalogueBytes = 64 * 1024 * 1024;

/**
 * Packs, catalogues and trusted keys in the control database, each row sealed under a key that is not in it: whoever can write to the database alone can
 * take a row away or put back an older one of the same name, but makes none: no new key, no rule switched off that never was, no version that never was in force.
 */
export function createPackStore(needs: {
  readonly database: Database;
  readonly sealingKey: Uint8Array;
  readonly random: (length: number) => Uint8Array;
}) {
  const tables = needs.database.withTables<Tables>();
  const { sealingKey } = needs;

  return {
    /** In the order of their names. Those that do not open are named in `damaged`. */
    async packs(): Promise<{ readonly packs: readonly PackState[]; readonly damaged: readonly string[] }> {
      const packs: PackState[] = [];
      const damaged: string[] = [];
      for (const { name, state } of await tables.selectFrom('rule_packs').selectAll().orderBy('name').execute()) {
        const read = opened(() => parseJson(openText(sealingKey, packRow(name), state)));
        if (isPackState(read) && read.name === name) packs.push(read);
        else damaged.push(name);
      }
      return { packs, damaged };
    },
    /** Throws `RulePackError` `pack_unknown`, `pack_damaged`. */
    async pack(name: string): Promise<PackState> {
      const row = await tables.selectFrom('rule_packs').selectAll().where('name', '=', name).executeTakeFirst();
      if (row === undefined)
        throw new RulePackError('pack_unknown', `Cannot find rule pack "${name}": none of this name was imported`);
      const read = opened(() => parseJson(openText(sealingKey, packRow(name), row.state)));
      if (isPackState(read)) return read;
      throw new RulePackError('pack_damaged', `Cannot read what is kept of rule pack "${name}": it was changed`, {
        hint: 'remove the pack and import it again',
      });
    },
    async save(transaction: Transaction, state: PackState): Promise<void> {
      const own = transaction.withTables<Tables>();
      const sealed = sealText(needs, packRow(state.name), JSON.stringify(state));
      await own
        .insertInto('rule_packs')
        .values({ name: state.name, state: sealed })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ state: sealed }))
        .execute();
      const kept = state.versions.map(({ version }) => version);
      let stale = own.deleteFrom('rule_pack_catalogues').where('name', '=', state.name);
      if (kept.length > 0) stale = stale.where('version', 'not in', kept);
      await stale.execute();
    },
    async remove(transaction: Transaction, name: string): Promise<void> {
      const own = transaction.withTables<Tables>();
      await own.deleteFrom('rule_packs').where('name', '=', name).execute();
      await own.deleteFrom('rule_pack_catalogues').where('name', '=', name).execute();
    },
    async saveCatalogue(
      transaction: Transaction,
      of: { readonly name: string; readonly version: string; readonly sha256: string },
      catalogue: PackCatalogue,
    ): Promise<void> {
      const own = transaction.withTables<Tables>();
      const text = zstdCompressSync(JSON.stringify(catalogue));
      const sealed = sealText(needs, catalogueRow(of), text);
      await own
        .insertInto('rule_pack_catalogues')
        .values({ name: of.name, version: of.version, catalogue: sealed })
        .onConflict((conflict) => conflict.columns(['name', 'version']).doUpdateSet({ catalogue: sealed }))
        .execute();
    },
    /** Of exactly this file; undefined when there is none, or it was changed. */
    async catalogue(of: {
      readonly name: string;
      readonly version: string;
      readonly sha256: string;
    }): Promise<PackCatalogue | undefined> {
      const row = await tables
        .selectFrom('rule_pack_catalogues')
        .selectAll()
        .where('name', '=', of.name)
        .where('version', '=', of.version)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const read = opened(() => {
        const bytes = openBytes(sealingKey, catalogueRow(of), row.catalogue);
        return parseJson(zstdDecompressSync(bytes, { maxOutputLength: maxCatalogueBytes }).toString('utf8'));
      });
      return isCatalogue(read) ? read : undefined;
    },
    /** In the order they were trusted. A row that does not open trusts nobody. */
    async keys(): Promise<TrustedKey[]> {
      const rows = await tables.selectFrom('rule_pack_keys').selectAll().orderBy('id').execute();
      const keys = rows.flatMap(({ id, entry }) => {
        const read = opened(() => parseJson(openText(sealingKey, keyRow(id), entry)));
        return Check(TrustedKey, read) && read.id === id ? [read] : [];
      });
      return keys.toSorted((a, b) => a.atMs - b.atMs);
    },
    async saveKey(transaction: Transaction, key: TrustedKey): Promise<void> {
      const entry = sealText(needs, keyRow(key.id), JSON.stringify(key));
      await transaction
        .withTables<Tables>()
        .insertInto('rule_pack_keys')
        .values({ id: key.id, entry })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ entry }))
        .execute();
    },
    async removeKey(transaction: Transaction, id: string): Promise<void> {
      await transaction.withTables<Tables>().deleteFrom('rule_pack_keys').where('id', '=', id).execute();
    },
  };
}

function packRow(name: string): string {
  return `rule-packs/${name}`;
}

function catalogueRow(of: { readonly name: string; readonly version: string; readonly sha256: string }): string {
  return `rule-pack-catalogues/${of.name}/${of.version}/${of.sha256}`;
}

function keyRow(id: string): string {
  return `rule-pack-keys/${id}`;
}

/** What somebody without the key changed counts as not there. */
function opened<Result>(open: () => Result): Result | undefined {
  try {
    return open();
  } catch {
    return undefined;
  }
}
