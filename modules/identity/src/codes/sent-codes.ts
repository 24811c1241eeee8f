import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { CodeAbility } from '../admission/admission.ts';
import { IdentityError } from '../errors.ts';
import type { PeopleNeeds } from '../needs.ts';
import { codeMessage, isAddress, maskedAddress, type CodeKind } from './code-message.ts';
import type { CodeSenders } from './code-senders.ts';
import type { CodeAddress, CodeStore } from './code-store.ts';

/**
 * Codes by e-mail and SMS: 8 digits, good once, for 10 minutes, 5 tries and the one ticket or session they were asked from. Kept as
 * a keyed hash. Weak: whoever reads the mailbox or takes over the number has them, and they can be phished.
 */
export type SentCodes = CodeAbility & {
  /** To the first address they confirmed that can be reached now. Says where to, in part. Throws `code_unavailable`, `code_too_many`, `code_not_sent`. */
  send(request: {
    readonly userId: string;
    /** What the code is good for: a ticket. */
    readonly boundTo: string;
    /** They were let in from there before: strangers who know the password do not use up the owner's messages. */
    readonly isKnown: boolean;
  }): Promise<{ readonly kind: CodeKind; readonly sentTo: string }>;
  verify(
    transaction: Transaction,
    request: { readonly userId: string; readonly boundTo: string; readonly code: string },
  ): Promise<boolean>;
  /** An address that a code is sent to, to be confirmed with it. Throws as `send`, and `code_address_invalid`, `factor_limit_reached`. */
  addAddress(request: {
    readonly userId: string;
    readonly kind: CodeKind;
    readonly address: string;
  }): Promise<{ readonly id: string }>;
  /** True when the code is right: from now on codes may be sent there. */
  confirmAddress(
    transaction: Transaction,
    request: { readonly userId: string; readonly id: string; readonly code: string },
  ): Promise<boolean>;
};

const lifetimeMs = 10 * 60_000;
const maxAttempts = 5;
const maxAddresses = 4;
const idBytes = 12;
const hourMs = 3_600_000;
const perHour = 5;
const pauseMs = 30_000;
const maxCounters = 20_000;

export function createSentCodes(
  needs: Pick<PeopleNeeds, 'database' | 'clock' | 'random'> & {
    readonly key: Uint8Array;
    readonly codeStore: CodeStore;
    readonly senders: CodeSenders;
    readonly organization: { read(): Promise<string | undefined> };
  },
): SentCodes {
  const { database, clock, random, key, codeStore, senders, organization } = needs;
  const sentAt = new Map<string, readonly number[]>();

  const macOf = (what: string, ...parts: readonly string[]): Buffer =>
    createHmac('sha256', key)
      .update([what, ...parts].join('\0'))
      .digest();
  const boundHash = (boundTo: string): string => macOf('bound', boundTo).toString('hex');
  const codeHash = (boundTo: string, code: string): Buffer => macOf('code', boundTo, code);

  /** Counted before it is sent. By person and by whether they are known: neither uses up the other's. */
  const requireRoom = (userId: string, isKnown: boolean): void => {
    const nowMs = clock.monotonicMs();
    const counter = `${isKnown ? 'known' : 'stranger'} ${userId}`;
    const recent = (sentAt.get(counter) ?? []).filter((atMs) => nowMs - atMs < hourMs);
    const waitMs = Math.max(
      recent.length < perHour ? 0 : (recent[0] ?? 0) + hourMs - nowMs,
      (recent.at(-1) ?? -pauseMs) + pauseMs - nowMs,
    );
    if (waitMs > 0) {
      const retryAfterSeconds = Math.ceil(waitMs / 1000);
      throw new IdentityError('code_too_many', `Cannot send another code now: try again in ${retryAfterSeconds} s`, {
        details: { retryAfterSeconds },
      });
    }
    sentAt.delete(counter);
    sentAt.set(counter, [...recent, nowMs]);
    for (const oldest of sentAt.keys()) {
      if (sentAt.size <= maxCounters) break;
      sentAt.delete(oldest);
    }
  };

  const sendTo = async (
    { id, userId, kind, address }: CodeAddress,
    boundTo: string,
    purpose: 'sign-in' | 'address',
  ): Promise<void> => {
    const sender = await senders.open(kind);
    if (sender === undefined) throw unavailable();
    const code = newCode(random);
    await database.transaction().execute((transaction) =>
      codeStore.putCode(
        transaction,
        {
          boundTo: boundHash(boundTo),
          hash: codeHash(boundTo, code).toString('hex'),
          userId,
          addressId: id,
          expiresAtMs: clock.nowMs() + lifetimeMs,
          attempts: 0,
        },
        clock.nowMs(),
      ),
    );
    const message = codeMessage({ to: address, code, organization: await organization.read(), purpose });
    await sender.send(message, AbortSignal.timeout(sendWithinMs));
  };

  const verify = async (
    transaction: Transaction,
    { userId, boundTo, code }: { readonly userId: string; readonly boundTo: string; readonly code: string },
  ): Promise<string | undefined> => {
    const sent = await codeStore.code(transaction, boundHash(boundTo));
    if (sent === undefined || sent.userId !== userId) return undefined;
    if (sent.attempts >= maxAttempts || sent.expiresAtMs <= clock.nowMs()) return undefined;
    const plain = code.replaceAll(/\s/g, '');
    if (timingSafeEqual(codeHash(boundTo, plain), Buffer.from(sent.hash, 'hex')))
      return (await codeStore.takeCode(transaction, sent)) ? sent.addressId : undefined;
    await codeStore.countAttempt(transaction, sent.boundTo);
    return undefined;
  };

  const usableOf = async (where: Database | Transaction, userId: string): Promise<readonly CodeAddress[]> =>
    (await codeStore.addressesOf(where, userId)).filter(({ isVerified }) => isVerified);

  return {
    async of(where, userId) {
      const usable = await usableOf(where, userId);
      if (usable.length === 0) return { held: false, now: false };
      const enabled = await codeStore.enabledKinds(where);
      return { held: true, now: usable.some(({ kind }) => enabled.has(kind)) };
    },

    async send({ userId, boundTo, isKnown }) {
      const enabled = await codeStore.enabledKinds(database);
      const address = (await usableOf(database, userId)).find(({ kind }) => enabled.has(kind));
      if (address === undefined) throw unavailable();
      requireRoom(userId, isKnown);
      await sendTo(address, boundTo, 'sign-in');
      return { kind: address.kind, sentTo: maskedAddress(address.kind, address.address) };
    },

    verify: async (transaction, request) => (await verify(transaction, request)) !== undefined,

    async addAddress({ userId, kind, address }) {
      if (!isAddress(kind, address))
        throw new IdentityError(
          'code_address_invalid',
          kind === 'email'
            ? 'Cannot send codes there: must be one e-mail address'
            : 'Cannot send codes there: must be a telephone number like +41791234567',
        );
      const enabled = await codeStore.enabledKinds(database);
      if (!enabled.has(kind)) throw unavailable();
      requireRoom(userId, true);
      const id = Buffer.from(random(idBytes)).toString('hex');
      const added = { id, userId, kind, address, isVerified: false, createdAtMs: clock.nowMs() };
      await database.transaction().execute(async (transaction) => {
        const all = await codeStore.addressesOf(transaction, userId);
        for (const one of all) if (!one.isVerified) await codeStore.removeAddress(transaction, userId, one.id);
        if (all.filter((one) => one.isVerified).length >= maxAddresses)
          throw new IdentityError(
            'factor_limit_reached',
            `Cannot add another address: there are ${maxAddresses} already`,
          );
        await codeStore.insertAddress(transaction, added);
      });
      await sendTo(added, addressBinding(id), 'address');
      return { id };
    },

    async confirmAddress(transaction, { userId, id, code }) {
      if ((await verify(transaction, { userId, boundTo: addressBinding(id), code })) !== id) return false;
      await codeStore.verifyAddress(transaction, id);
      return true;
    },
  };
}

const sendWithinMs = 20_000;

function addressBinding(id: string): string {
  return `address ${id}`;
}

function unavailable(): IdentityError {
  return new IdentityError(
    'code_unavailable',
    'Cannot send a code: there is no address of theirs it could be sent to now',
  );
}

/** Eight digits, each as likely as another. */
function newCode(random: (length: number) => Uint8Array): string {
  const most = 4_200_000_000;
  for (;;) {
    const drawn = Buffer.from(random(4)).readUInt32BE(0);
    if (drawn < most) return String(drawn % 100_000_000).padStart(8, '0');
  }
}
