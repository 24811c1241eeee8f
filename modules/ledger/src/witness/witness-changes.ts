import { X509Certificate } from 'node:crypto';
import { ocsfClass } from '@sallyport/contracts';
import { witnessCount } from './counted-witnesses.ts';
import type { JsonObject } from '@sallyport/contracts';
import { parseVerifierKey } from '@sallyport/merkle-log';
import type { VerifierKey } from '@sallyport/merkle-log';
import type { Clock } from '@sallyport/platform/clock';
import type { Database, Transaction } from '@sallyport/platform/database';
import { messageOf } from '@sallyport/platform/errors';
import { createTurns } from '@sallyport/platform/turns';
import { auditEvent } from '../audit-event.ts';
import type { Actor, AuditEvent } from '../audit-event.ts';
import { LedgerError } from '../errors.ts';
import type { Outbox } from '../outbox.ts';
import { parseWitnessUrl, prefixOf } from './witness-address.ts';
import type { WitnessRounds } from './witness-rounds.ts';
import type { Witness, WitnessPolicy, WitnessStore } from './witness-store.ts';

export type NewWitness = { readonly url: string; readonly verifierKey: string; readonly authorityPem?: string };

/** What people change about witnesses; each change is an audit record. */
export type WitnessChanges = {
  /** Adds it and asks it at once. Throws `witness_invalid`, `witness_known`. */
  add(request: NewWitness & { readonly actor: Actor }): Promise<Witness>;
  /**
   * The policy then asks for no more than there are. Throws `witness_unknown`; `log_held` for the last one while the log waits to be
   * vouched for: that takes somebody's own word first.
   */
  remove(request: { readonly id: string; readonly actor: Actor }): Promise<void>;
  /** Asks it now, whatever failed before. Throws `witness_unknown`. */
  ask(id: string): Promise<void>;
  /** Throws `witness_policy_invalid` unless 1 ≤ needed ≤ number of witnesses. */
  setPolicy(request: WitnessPolicy & { readonly actor: Actor }): Promise<void>;
};

export const mostWitnesses = 16;

export function createWitnessChanges(needs: {
  readonly store: WitnessStore;
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  readonly rounds: Pick<WitnessRounds, 'askNow' | 'recount'>;
  /** Whether the newest log takes entries and is not signed. */
  readonly isHeld: () => Promise<boolean>;
  /** Once it is gone; and whether it was the last. */
  readonly onRemoved: (id: string, isLast: boolean) => Promise<void>;
}): WitnessChanges {
  const { store, clock, rounds } = needs;
  // Each is judged by what the one before has stored: else one key comes in twice, or more is asked for than there are.
  const inTurn = createTurns();

  async function change(event: AuditEvent, work: (transaction: Transaction) => Promise<void>): Promise<void> {
    await needs.database.transaction().execute(async (transaction) => {
      await work(transaction);
      await needs.outbox.record(transaction, event);
    });
    await needs.outbox.flushed();
  }
  async function find(id: string): Promise<Witness> {
    const found = (await store.list()).find((witness) => witness.id === id);
    if (found === undefined) throw new LedgerError('witness_unknown', `Cannot find witness "${id}"`);
    return found;
  }

  async function add({
    actor,
    url: address,
    verifierKey,
    authorityPem,
  }: NewWitness & { readonly actor: Actor }): Promise<Witness> {
    const url = prefixOf(parseWitnessUrl(address.trim()));
    const key = readKey(verifierKey.trim());
    if (authorityPem !== undefined) requireCertificate(authorityPem);
    const known = await store.list();
    if (known.length >= mostWitnesses)
      throw new LedgerError('witness_invalid', `Cannot add a witness: there are ${known.length} already`);
    const same = known.find((other) => isSameKey(parseVerifierKey(other.verifierKey), key));
    // Signatures do not hold the name: one key under two names is one witness.
    if (same !== undefined)
      throw new LedgerError('witness_known', `Cannot add witness "${key.name}": its key is that of ${same.url}`);
    // One witness may have a key of each kind, and is still one.
    const namesake = known.find((other) => other.url === url && parseVerifierKey(other.verifierKey).name === key.name);
    if (namesake !== undefined)
      throw new LedgerError('witness_known', `Cannot add witness "${key.name}": it is asked already, by another key`);
    const witness: Witness = {
      id: needs.random(8).toString('hex'),
      url,
      verifierKey: verifierKey.trim(),
      authorityPem,
      addedAtMs: clock.nowMs(),
      addedBy: { id: actor.id, name: actor.name },
    };
    const event = changeEvent(clock.nowMs(), {
      actor,
      action: 'witness.add',
      activityId: 1,
      target: { type: 'witness', id: witness.id, name: key.name },
      details: { url, verifier_key: witness.verifierKey, own_authority: authorityPem !== undefined },
    });
    await change(event, (transaction) => store.add(transaction, witness));
    return witness;
  }
  async function remove({ id, actor }: { readonly id: string; readonly actor: Actor }): Promise<void> {
    const { url, verifierKey } = await find(id);
    const policy = await store.policy();
    const others = (await store.list()).filter((witness) => witness.id !== id);
    const remaining = witnessCount(others.map((other) => other.verifierKey));
    if (remaining === 0 && (await needs.isHeld()))
      throw new LedgerError('log_held', `Cannot remove the last witness: the newest log waits for its word`, {
        hint: 'vouch for the log first (sign-anyway), with a reason: nobody else will',
      });
    const needed = Math.max(1, Math.min(policy.needed, remaining));
    const event = changeEvent(clock.nowMs(), {
      actor,
      action: 'witness.remove',
      activityId: 4,
      target: { type: 'witness', id, name: parseVerifierKey(verifierKey).name },
      details: { url, remaining, needed, needed_before: policy.needed },
    });
    await change(event, async (transaction) => {
      await store.remove(transaction, id);
      if (needed !== policy.needed) await store.setPolicy(transaction, { ...policy, needed });
    });
    await needs.onRemoved(id, remaining === 0);
  }
  async function setPolicy({ actor, needed, tailLimitMs }: WitnessPolicy & { readonly actor: Actor }): Promise<void> {
    const [witnesses, before] = await Promise.all([store.list(), store.policy()]);
    const length = witnessCount(witnesses.map(({ verifierKey }) => verifierKey));
    if (needed < 1 || needed > Math.max(1, length))
      throw new LedgerError('witness_policy_invalid', `Cannot ask for ${needed} witnesses: there are ${length}`);
    const event = changeEvent(clock.nowMs(), {
      actor,
      action: 'witness.policy',
      activityId: 3,
      target: { type: 'witness-policy', id: 'ledger' },
      details: {
        needed,
        needed_before: before.needed,
        tail_limit_minutes: tailLimitMs / 60_000,
        tail_limit_minutes_before: before.tailLimitMs / 60_000,
        // For a rule: a lower bar is what somebody would want who is about to rewrite something.
        weaker: needed < before.needed || tailLimitMs > before.tailLimitMs,
      },
    });
    await change(event, (transaction) => store.setPolicy(transaction, { needed, tailLimitMs }));
  }

  return {
    async add(request) {
      const witness = await inTurn(() => add(request));
      await rounds.askNow(witness);
      return witness;
    },
    async remove(request) {
      await inTurn(() => remove(request));
      await rounds.recount();
    },
    async ask(id) {
      await rounds.askNow(await find(id));
    },
    async setPolicy(request) {
      await inTurn(() => setPolicy(request));
      await rounds.recount();
    },
  };
}

export function signAnywayEvent(
  nowMs: number,
  { actor, reason, log }: { readonly actor: Actor; readonly reason: string; readonly log: number },
): AuditEvent {
  return changeEvent(nowMs, {
    actor,
    action: 'ledger.sign-unasked',
    activityId: 3,
    target: { type: 'log', id: String(log) },
    details: { reason },
  });
}

function changeEvent(
  nowMs: number,
  change: {
    readonly actor: Actor;
    readonly action: string;
    readonly activityId: number;
    readonly target: { readonly type: string; readonly id: string; readonly name?: string };
    readonly details: JsonObject;
  },
): AuditEvent {
  const { kind, id, name } = change.actor;
  return auditEvent({
    ...change,
    nowMs,
    actor: { kind, id, name },
    classUid: ocsfClass.entityManagement,
    outcome: 'success',
  });
}

function readKey(text: string): VerifierKey {
  let key: VerifierKey;
  try {
    key = parseVerifierKey(text);
  } catch (error) {
    throw new LedgerError('witness_invalid', messageOf(error), { cause: error });
  }
  if (key.kind === 'ed25519')
    throw new LedgerError('witness_invalid', `Cannot use the key "${key.name}": it must be the key of a witness`, {
      hint: 'its vkey ends with base64 that begins with B; that of a log begins with A',
    });
  return key;
}

function isSameKey(one: VerifierKey, other: VerifierKey): boolean {
  return Buffer.from(one.publicKey).equals(other.publicKey);
}

function requireCertificate(pem: string): void {
  let bytes = 0;
  try {
    bytes = new X509Certificate(pem).raw.length;
  } catch (cause) {
    throw new LedgerError('witness_invalid', 'Cannot use the certificate: it is no certificate in PEM', { cause });
  }
  if (bytes === 0) throw new LedgerError('witness_invalid', 'Cannot use the certificate: it is empty');
}
