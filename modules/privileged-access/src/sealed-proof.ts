import type { JsonObject } from '@sallyport/contracts';
import type { Transaction } from '@sallyport/platform/database';
import { CodedError } from '@sallyport/platform/errors';
import type { Client } from '@sallyport/platform/http';
import { sealedRoles } from './break-glass-parts.ts';
import type { BreakGlassParts } from './break-glass-parts.ts';
import type { BreakGlassAccount } from './break-glass-store.ts';
import type { PasskeyAnswer } from './passkey-schema.ts';
import type { CodeKind } from './sealed-codes.ts';
import { hashOfCode, isSameHash, readSealedCode } from './sealed-codes.ts';
import type { KeptPasskey } from './sealed-passkey-store.ts';

/** What somebody shows at the last door: the codes of both envelopes, or one of them and a passkey of the account. */
export type SealedProof = {
  /** They may be typed in either order: each stands in its own envelope, not in its own field. */
  readonly first: string;
  readonly second?: string | undefined;
  readonly passkey?: PasskeyAnswer | undefined;
};

/** A proof whose passkey was verified; that it is good once is for the transaction to see to. */
type CheckedProof = {
  readonly codes: readonly (string | undefined)[];
  readonly hasPasskey: boolean;
  readonly passkey?: { readonly kept: KeptPasskey; readonly counter: number; readonly challenge: string };
  /** What the passkey said of itself, right or wrong. */
  readonly facts?: JsonObject;
};

export type JudgedProof =
  | {
      readonly kind: 'opens';
      readonly account: BreakGlassAccount;
      /** Of which kind the codes are, by the hash that matched. */
      readonly codes: CodeKind;
      readonly facts?: JsonObject;
    }
  | {
      readonly kind: 'refused';
      /** Whose codes or passkey they were, where either was right. */
      readonly account: BreakGlassAccount | undefined;
      readonly codesRight: boolean;
      readonly passkeyRight: boolean;
      /** Both codes are right, and were made to open it with a passkey only. */
      readonly needsPasskey: boolean;
      readonly facts?: JsonObject;
    };

/** Before a transaction: signatures take a while. Throws `passkey_needs_name` where this server has none here. */
export async function checkProof(
  { passkeysOf, database, passkeys }: BreakGlassParts,
  typed: SealedProof,
  client: Client,
): Promise<CheckedProof> {
  const codes = [typed.first, typed.second ?? ''].map(readSealedCode);
  if (typed.passkey === undefined) return { codes, hasPasskey: false };
  const response = typed.passkey;
  const all = await database.transaction().execute(passkeysOf);
  const passkey = all.find(({ id }) => id === response.id);
  if (passkey === undefined) return { codes, hasPasskey: true };
  try {
    const { counter, challenge, facts } = await passkeys.verify({ client, roles: sealedRoles, passkey, response });
    return { codes, hasPasskey: true, passkey: { kept: passkey, counter, challenge }, facts };
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'passkey_refused') throw error;
    return { codes, hasPasskey: true, facts: { credential: passkey.id, verdict: error.message } };
  }
}

/**
 * What the proof opens. A passkey that answered rightly has done so once, whatever becomes of the codes. Every account is compared
 * with every code, whatever was found before.
 */
export async function judgeProof(
  parts: BreakGlassParts,
  transaction: Transaction,
  proof: CheckedProof,
): Promise<JudgedProof> {
  const holder = await useUp(parts, transaction, proof);
  const facts = proof.facts === undefined ? {} : { facts: proof.facts };
  let found: JudgedProof | undefined;
  for (const account of await parts.table.list(transaction)) {
    const right = matches(parts, account, proof.codes);
    if (account.retiredAtMs !== undefined || account.openedAtMs !== undefined) continue;
    const isHolders = holder?.accountId === account.id && account.passkeyIds.includes(holder.id);
    if (proof.hasPasskey ? isHolders && right.any : right.bothAlone) {
      found = { kind: 'opens', account, codes: right.kind, ...facts };
    } else if (found?.kind !== 'opens' && (isHolders || right.both || (proof.hasPasskey && right.any))) {
      const codesRight = proof.hasPasskey ? right.any : right.both;
      const needsPasskey = right.both && !proof.hasPasskey;
      found = { kind: 'refused', account, codesRight, passkeyRight: isHolders, needsPasskey, ...facts };
    }
  }
  const nothing = { account: undefined, codesRight: false, passkeyRight: false, needsPasskey: false };
  return found ?? { kind: 'refused', ...nothing, ...facts };
}

/** The passkey, with the account it is of; undefined when it is none, or its answer was given before. */
async function useUp(
  { kept, passkeys, clock, table }: BreakGlassParts,
  transaction: Transaction,
  { passkey }: CheckedProof,
): Promise<KeptPasskey | undefined> {
  if (passkey === undefined || !(await passkeys.spend(transaction, passkey.challenge))) return undefined;
  const account = (await table.list(transaction)).find(({ id }) => id === passkey.kept.accountId);
  const { id, counter: before } = passkey.kept;
  // Looked at before the transaction: what was used, or changed, meanwhile is none.
  if (account === undefined || account.isAltered === true || account.counters[id] !== before) return undefined;
  const { counter } = passkey;
  if (!(await kept.advance(transaction, passkey.kept, { counter, atMs: clock.nowMs() }))) return undefined;
  await table.used(transaction, account, { id, counter });
  return passkey.kept;
}

/** Which of the codes are of this account's envelopes. */
function matches(
  { sealingKey }: BreakGlassParts,
  account: BreakGlassAccount,
  codes: readonly (string | undefined)[],
): { readonly any: boolean; readonly both: boolean; readonly bothAlone: boolean; readonly kind: CodeKind } {
  const isOf = (envelope: 'first' | 'second', kind: CodeKind): boolean => {
    const hash = envelope === 'first' ? account.firstHash : account.secondHash;
    const same = codes.map(
      (signs) =>
        isSameHash(hash, hashOfCode(sealingKey, { accountId: account.id, envelope, kind }, signs ?? '')) &&
        signs !== undefined,
    );
    return same.includes(true);
  };
  const [firstAlone, secondAlone] = [isOf('first', 'alone'), isOf('second', 'alone')];
  const [firstWith, secondWith] = [isOf('first', 'with-passkey'), isOf('second', 'with-passkey')];
  const [first, second] = [firstAlone || firstWith, secondAlone || secondWith];
  const kind = firstWith || secondWith ? 'with-passkey' : 'alone';
  return { any: first || second, both: first && second, bothAlone: firstAlone && secondAlone, kind };
}
