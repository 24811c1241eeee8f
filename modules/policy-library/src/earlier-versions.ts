import type { Transaction } from '@sallyport/platform/database';
import { messageOf } from '@sallyport/platform/errors';
import { Type } from 'typebox';
import { Parse } from 'typebox/value';
import { AuthorBody } from './authors.ts';
import type { DamagedVersion } from './damaged-rows.ts';
import type { SealedStoreNeeds } from './sealed-json.ts';
import { documentHash } from './policy-document.ts';
import { versionHash, versionStates } from './policy-version.ts';
import type { VersionSummary } from './policy-version.ts';
import { createSealedJson } from './sealed-json.ts';
import { headRow } from './version-store.ts';
import type { createVersionStore, VersionRow, VersionTables } from './version-store.ts';

/** What was sealed of a version before its number, state and digest were. */
const EarlierHead = Type.Object(
  {
    by: AuthorBody,
    note: Type.String(),
    authors: Type.Array(AuthorBody),
    asked: Type.Optional(AuthorBody),
    approved: Type.Optional(AuthorBody),
    documents: Type.Array(Type.Object({ id: Type.String(), name: Type.String(), hash: Type.String() })),
  },
  { additionalProperties: false },
);

/**
 * Seals versions of an earlier version of the product, which left state, times and digest in the clear, as they stand: nobody can tell any more what was
 * written there before. What contradicts itself is left as it is, and is good for nothing from then on. To be called once: later such a row was
 * written by hand.
 */
export async function sealEarlierVersions(
  needs: SealedStoreNeeds,
  store: Pick<ReturnType<typeof createVersionStore>, 'textsOf' | 'move'>,
  { on, inForce }: { readonly on: Transaction; readonly inForce: number },
): Promise<{ readonly sealed: readonly VersionSummary[]; readonly refused: readonly DamagedVersion[] }> {
  const { open } = createSealedJson(needs, { mostBytes: 64 * 1024 * 1024 });
  const rows = await on.withTables<VersionTables>().selectFrom('policy_versions').selectAll().execute();
  const sealed: VersionSummary[] = [];
  const refused: DamagedVersion[] = [];
  for (const row of rows) {
    const { version, sealed_head: head } = row;
    try {
      const made = summaryOf(row, Parse(EarlierHead, open(headRow(version), head)), inForce);
      const of = (texts: readonly { readonly id: string; readonly hash: string }[]): string =>
        JSON.stringify(texts.map(({ id, hash }) => [id, hash]));
      const texts = store.textsOf(version, row.sealed_texts);
      if (versionHash(texts) !== made.hash) throw new TypeError('its texts are not those its digest is of');
      if (of(made.documents) !== of(texts.map((one) => ({ id: one.id, hash: documentHash(one) }))))
        throw new TypeError('its texts are not those it was staged with');
      if (await store.move(on, { version, head }, made)) sealed.push(made);
    } catch (error) {
      refused.push({ version, why: messageOf(error) });
    }
  }
  return { sealed, refused };
}

function summaryOf(
  row: VersionRow,
  { by, asked, approved, ...head }: ReturnType<typeof Parse<typeof EarlierHead>>,
  inForce: number,
): VersionSummary {
  const state = versionStates.find((one) => one === row.state);
  if (state === undefined) throw new TypeError(`its state is "${row.state.slice(0, 20)}"`);
  const wasInForce = state === 'active' || state === 'former';
  if (wasInForce !== (row.activated_ms !== null))
    throw new TypeError(`it is ${state}, ${wasInForce ? 'and came into force never' : 'and came into force once'}`);
  if ((state === 'active') !== (row.version === inForce))
    throw new TypeError(`it is ${state}, and version ${inForce} is in force`);
  if (state === 'waiting' && asked === undefined) throw new TypeError('it waits, and nobody asked for it');
  return {
    version: row.version,
    state,
    madeMs: row.made_ms,
    madeBy: by,
    hash: row.hash,
    bundledHash: row.bundled_hash,
    ...head,
    ...(row.from_version === null ? {} : { from: row.from_version }),
    ...(row.activated_ms === null ? {} : { activatedMs: row.activated_ms }),
    ...(asked === undefined ? {} : { askedBy: asked }),
    ...(approved === undefined ? {} : { approvedBy: approved }),
  };
}
