import type { JsonObject } from '@sallyport/contracts';
import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { FrameBody } from '@sallyport/platform/frames';
import type { OfferedPasskey } from '../destruction/approvers.ts';
import type { Assertion } from '../destruction/assertion.ts';
import { KeyVaultError } from '../errors.ts';
import { Certifiable, DestroyedKeys, HoldShape, IntentShape, OverviewShape } from './destruction-shapes.ts';
import type { NewHold, Proposal } from './destructions-seam.ts';
import type { Asked } from './asked.ts';
import { Type } from 'typebox';
import { Check } from 'typebox/value';
import type { Static, TSchema } from 'typebox';

export type CertificateParts = {
  readonly statement: JsonObject;
  readonly entries: readonly { readonly log: number; readonly index: number }[];
};

/** What the sealer still wants before it goes on. */
export type StepAnswer = {
  readonly kind: string;
  readonly vault: string;
  /** Destructions a certificate can be made of, and how they ended. */
  readonly certifiable: readonly { readonly id: string; readonly stage: string }[];
};

/** Destructions as the sealer answers for them, over frames. */
export type DestructionCalls = ReturnType<typeof createDestructionCalls>;

export function createDestructionCalls(call: (method: string, request: FrameBody) => Promise<FrameBody>) {
  const ask = async (method: string, head: JsonObject = {}, payload?: unknown): Promise<unknown> => {
    const bytes = payload === undefined ? undefined : Buffer.from(JSON.stringify(payload));
    const reply = await call(method, { head, ...(bytes === undefined ? {} : { payload: bytes }) });
    return reply.payload === undefined || reply.payload.length === 0
      ? undefined
      : parseJson(Buffer.from(reply.payload).toString('utf8'));
  };
  return {
    overview: async (): Promise<Static<typeof OverviewShape>> => checked(OverviewShape, await ask('destructions.list')),
    destroyed: async (): Promise<Static<typeof DestroyedKeys>> =>
      checked(DestroyedKeys, await ask('destructions.destroyed')),
    propose: async (proposal: Proposal | ReleaseProposal, by: string): Promise<Static<typeof IntentShape>> =>
      checked(IntentShape, await ask('destructions.propose', { by }, proposal)),
    sign: async (id: string, assertion: Assertion): Promise<Static<typeof IntentShape>> =>
      checked(IntentShape, await ask('destructions.sign', { id }, assertion)),
    async cancel(id: string, { by, reason }: Asked): Promise<void> {
      await ask('destructions.cancel', { id, by, reason });
    },
    hold: async (hold: NewHold, by: string): Promise<Static<typeof HoldShape>> =>
      checked(HoldShape, await ask('destructions.hold', { by }, hold)),
    /** The proposal two people have to agree to, unless the list is not bound yet. */
    enrol: async (person: EnrolledPerson, asked: ListAsked): Promise<Static<typeof MaybeIntent>> =>
      checked(MaybeIntent, await ask('destructions.enrol', headOf(asked), person)),
    withdraw: async (credentialId: string, asked: ListAsked): Promise<Static<typeof MaybeIntent>> =>
      checked(MaybeIntent, await ask('destructions.withdraw', { credentialId, ...headOf(asked) })),
    reinstate: async (credentialId: string, asked: ListAsked): Promise<Static<typeof IntentShape>> =>
      checked(IntentShape, await ask('destructions.reinstate', { credentialId, ...headOf(asked) })),
    async acceptRestore({ by, reason }: Asked): Promise<void> {
      await ask('destructions.accept', { by, reason });
    },
    async hear(keys: readonly string[], needed: number, checkpoint: string | undefined): Promise<void> {
      await ask('destructions.hear', {
        keys: [...keys],
        needed,
        ...(checkpoint === undefined ? {} : { checkpoint }),
      });
    },
    async step(hasOffSite: boolean, readBack?: ReadBack): Promise<StepAnswer> {
      const { head, payload = new Uint8Array() } = await call('destructions.step', {
        head: {
          hasOffSite,
          ...(readBack === undefined ? {} : { location: readBack.location, generation: readBack.generation }),
        },
        ...(readBack === undefined ? {} : { payload: readBack.bytes }),
      });
      return {
        kind: textOf(head['kind']),
        vault: textOf(head['vault']),
        certifiable: checked(Certifiable, parseJson(Buffer.from(payload).toString('utf8'))),
      };
    },
    async exportFile(): Promise<{ readonly bytes: Uint8Array; readonly generation: number; readonly sha256: string }> {
      const { head, payload = new Uint8Array() } = await call('destructions.export', { head: {} });
      return { bytes: payload, generation: Number(head['generation']), sha256: textOf(head['sha256']) };
    },
    async certificate(id: string): Promise<CertificateParts> {
      const answer = await ask('destructions.certificate', { id });
      const { statement, entries } = isJsonObject(answer) ? answer : {};
      const positions: readonly unknown[] = Array.isArray(entries) ? entries : [];
      return {
        statement: isJsonObject(statement) ? statement : {},
        entries: positions.flatMap((one) =>
          isJsonObject(one) ? [{ log: Number(one['log']), index: Number(one['index']) }] : [],
        ),
      };
    },
    /** What was read from the place elsewhere; `notRead` says why it was not. */
    async kept(evidence: readonly string[], notRead: string | undefined): Promise<void> {
      await ask('destructions.kept', {}, { kept: evidence, notRead: notRead ?? null });
    },
  };
}

export type ReleaseProposal = { readonly kind: 'release'; readonly reason: string } & (
  | { readonly holdId: string }
  /** Several that are released together. */
  | { readonly holdIds: readonly string[] }
);
/** `isAlone`: asked for on the operator's socket, since no two people are left who could agree. */
export type ListAsked = Asked & { readonly isAlone: boolean };
const headOf = ({ by, reason, isAlone }: ListAsked): JsonObject => ({ by, reason, isAlone });
const MaybeIntent = Type.Union([IntentShape, Type.Null()]);

export type ReadBack = { readonly bytes: Uint8Array; readonly location: string; readonly generation: number };
export type EnrolledPerson = {
  readonly userId: string;
  readonly name: string;
  readonly passkeys: readonly OfferedPasskey[];
};

function checked<Schema extends TSchema>(schema: Schema, answer: unknown): Static<Schema> {
  if (Check(schema, answer)) return answer;
  throw new KeyVaultError('vault_closed', 'The key vault answered with something else than what was asked');
}
