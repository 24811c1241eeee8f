import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { PolicyTexts } from '@sallyport/access-policy';
import { openBytes, sealText } from '@sallyport/platform/sealed-text';
import { Type } from 'typebox';
import { Parse } from 'typebox/value';
import { bundledHash } from './policy-set.ts';
import type { SealedStoreNeeds } from './sealed-json.ts';

type Tables = { policy_bundled: { hash: string; first_ms: number; sealed: string } };

const TextsBody = Type.Object({
  schema: Type.String(),
  policies: Type.Array(Type.Object({ file: Type.String(), text: Type.String() })),
});
/** Releases whose policies are kept; the one that came first goes. */
const maxKept = 20;
const mostBytes = 16 * 1024 * 1024;

/** Which policies came with the releases that ran here. No secret: sealed, so that none is slipped in. */
export function createBundledStore({ database, sealingKey, random }: SealedStoreNeeds) {
  const tables = database.withTables<Tables>();
  return {
    /** At a start; nothing happens when they are known. */
    async keep(texts: PolicyTexts, nowMs: number): Promise<void> {
      const hash = bundledHash(texts);
      const { schema, policies } = texts;
      const plain = { schema, policies: policies.map(({ file, text }) => ({ file, text })) };
      const sealed = sealText({ sealingKey, random }, `bundled/${hash}`, zstdCompressSync(JSON.stringify(plain)));
      await tables
        .insertInto('policy_bundled')
        .values({ hash, first_ms: nowMs, sealed })
        .onConflict((conflict) => conflict.column('hash').doNothing())
        .execute();
      const rows = await tables
        .selectFrom('policy_bundled')
        .select(['hash', 'first_ms'])
        .orderBy('first_ms', 'desc')
        .execute();
      const old = rows.slice(maxKept).flatMap((row) => (row.hash === hash ? [] : [row.hash]));
      if (old.length > 0) await tables.deleteFrom('policy_bundled').where('hash', 'in', old).execute();
    },
    /** Newest first. Throws when somebody without the key changed one. */
    async all(): Promise<readonly PolicyTexts[]> {
      const rows = await tables.selectFrom('policy_bundled').selectAll().orderBy('first_ms', 'desc').execute();
      return rows.map(({ hash, sealed }) =>
        Parse(
          TextsBody,
          JSON.parse(
            zstdDecompressSync(openBytes(sealingKey, `bundled/${hash}`, sealed), {
              maxOutputLength: mostBytes,
            }).toString('utf8'),
          ),
        ),
      );
    },
  };
}

export type BundledStore = ReturnType<typeof createBundledStore>;
