import type { JsonObject } from '@sallyport/contracts';
import type { Transaction } from '@sallyport/platform/database';
import { CodedError } from '@sallyport/platform/errors';
import type { Client } from '@sallyport/platform/http';
import type { Secret } from '@sallyport/platform/secret';
import { refused, sealedRoles, told } from './break-glass-parts.ts';
import type { BreakGlassParts } from './break-glass-parts.ts';
import type { BreakGlassAccount } from './break-glass-store.ts';
import { PrivilegeError } from './errors.ts';
import { madePlain } from './plain-words.ts';
import { privilegeEntityEvent, privilegeEvent } from './privilege-audit.ts';
import type { PrivilegeRequest } from './request.ts';
import { checkProof, judgeProof } from './sealed-proof.ts';
import type { JudgedProof, SealedProof } from './sealed-proof.ts';

export type OpenBreakGlass = (
  asked: SealedProof & { readonly person: string; readonly reason: string; readonly client: Client },
) => Promise<{ readonly token: Secret; readonly grantId: string }>;

type Refusal = Omit<Extract<JudgedProof, { kind: 'refused' }>, 'kind'> & { readonly because?: string };

/** The last door itself: what opens it is spent, and a grant begins, in one transaction with what is told of it. */
export function createOpenBreakGlass(parts: BreakGlassParts): OpenBreakGlass {
  const { database, outbox, clock, store, grants, accounts, table } = parts;

  const recordRefusal = (transaction: Transaction, client: Client, refusal: Refusal): Promise<void> =>
    outbox.record(
      transaction,
      privilegeEntityEvent({
        ...told(
          parts,
          'break-glass.refused',
          { kind: 'unknown', id: client.address, name: 'unauthenticated' },
          refusal.account ?? { id: '', label: '' },
        ),
        outcome: 'failure',
        details: {
          address: client.address,
          codes_right: refusal.codesRight,
          passkey_right: refusal.passkeyRight,
          ...(refusal.because === undefined ? {} : { because: refusal.because }),
          ...(refusal.facts === undefined ? {} : { passkey: refusal.facts }),
        },
      }),
    );

  return async ({ client, ...asked }) => {
    const [person, reason] = [madePlain(asked.person), madePlain(asked.reason)];
    const settings = await parts.settings();
    const proof = await checkProof(parts, asked, client);
    let right: Extract<JudgedProof, { kind: 'opens' }> | undefined;
    const grantId = Buffer.from(parts.random(12)).toString('hex');
    const begun = await database
      .transaction()
      .execute(async (transaction) => {
        const judged = await judgeProof(parts, transaction, proof);
        const nowMs = clock.nowMs();
        if (judged.kind === 'refused') {
          const because = judged.needsPasskey ? { because: 'passkey_needed' } : {};
          await recordRefusal(transaction, client, { ...judged, ...because });
          return judged;
        }
        right = judged;
        const { account } = judged;
        const passkey: { passkey?: JsonObject } = proof.hasPasskey ? { passkey: judged.facts ?? {} } : {};
        const { token, sessionId, browserKey } = await accounts.begin(transaction, {
          userId: account.userId,
          client,
          ...passkey,
        });
        await table.open(transaction, account, nowMs);
        const opening = { grantId, sessionId, browserKey, person, reason, client, nowMs };
        const request = requestOf(parts, account, {
          ...opening,
          minutes: settings.breakGlassMinutes,
          assurance: proof.hasPasskey ? 3 : 2,
        });
        await store.insert(transaction, request);
        const by = { kind: 'user', id: account.userId, name: request.said.name };
        await outbox.record(
          transaction,
          privilegeEntityEvent({
            ...told(parts, 'break-glass.open', by, account),
            activityId: 1,
            details: {
              grant_id: grantId,
              person,
              reason,
              address: client.address,
              minutes: request.minutes,
              opened_with: proof.hasPasskey ? 'passkey' : 'codes',
              ...passkey,
            },
          }),
        );
        const details = { grant_id: grantId, address: client.address, person };
        await outbox.record(transaction, privilegeEvent({ nowMs, by, action: 'privilege.take-up', request, details }));
        grants.expect(grantId);
        return { kind: 'begun', token, request } as const;
      })
      .catch(async (error: unknown) => {
        grants.drop(grantId);
        if (right === undefined || !(error instanceof CodedError)) throw error;
        // What was shown is right, so somebody has it: that is told, though nothing was opened and it is not spent.
        const because = String(error.code);
        const refusal = { ...right, codesRight: true, passkeyRight: proof.hasPasskey, needsPasskey: false, because };
        await database.transaction().execute((transaction) => recordRefusal(transaction, client, refusal));
        await outbox.flushed();
        throw because === 'user_disabled' ? refused() : error;
      });
    await outbox.flushed();
    if (begun.kind === 'refused') throw begun.needsPasskey ? passkeyNeeded() : refused();
    if (!grants.begin(begun.request)) throw refused();
    return { token: begun.token, grantId };
  };
}

/** Whoever has both codes of it may know what is missing. */
export function passkeyNeeded(): PrivilegeError {
  return new PrivilegeError(
    'break_glass_passkey_needed',
    'Cannot open this with the codes alone: must be one of them and a passkey of the account',
    { hint: 'the security key is kept apart from the envelopes' },
  );
}

function requestOf(
  parts: BreakGlassParts,
  account: BreakGlassAccount,
  opening: {
    readonly grantId: string;
    readonly sessionId: string;
    readonly browserKey: string | undefined;
    readonly person: string;
    readonly reason: string;
    readonly client: Client;
    readonly nowMs: number;
    readonly minutes: number;
    readonly assurance: 2 | 3;
  },
): PrivilegeRequest {
  const { nowMs, client, person, reason } = opening;
  const [role] = sealedRoles;
  return {
    id: opening.grantId,
    kind: 'break-glass',
    state: 'active',
    requesterId: account.userId,
    role,
    site: undefined,
    actions: undefined,
    minutes: opening.minutes,
    needed: 0,
    createdAtMs: nowMs,
    expiresAtMs: nowMs,
    startedAtMs: nowMs,
    spentMs: 0,
    endedAtMs: undefined,
    endedBecause: undefined,
    sessionId: opening.sessionId,
    // Nobody reviews it in the browser it was opened in.
    device: opening.browserKey,
    reviewDueMs: undefined,
    said: {
      name: `break-glass ${account.label}`,
      reason: `${person}: ${reason}`,
      address: client.address,
      agent: client.agent,
      signedInAtMs: nowMs,
      assurance: opening.assurance,
      isNewDevice: true,
      risk: undefined,
      riskReasons: [],
      adds: parts.who.actionsOf([role]),
      dangerous: parts.who.dangerousOf(role),
      unusual: [],
    },
    decisions: [],
  };
}
