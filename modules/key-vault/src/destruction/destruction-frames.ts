import { hash } from 'node:crypto';
import { parseJson, textOf, textsOf } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import type { FrameBody, FrameHandlers } from '@sallyport/platform/frames';
import { Type } from 'typebox';
import type { Static, TSchema } from 'typebox';
import { Check } from 'typebox/value';
import type { KeyVault } from '../key-vault.ts';
import type { ChangeAsked } from './approvers.ts';
import type { DestructionDesk } from './desk.ts';
import { intentKinds } from './shown.ts';
import { refusal } from './store.ts';

const maxTextLength = 1000;
const maxReasonLength = 500;
const Text = Type.String({ maxLength: maxTextLength });
const Reason = Type.String({ minLength: 1, maxLength: 500 });
const KeyIds = Type.Array(Type.String({ pattern: '^[0-9a-f]{32}$' }), { maxItems: 10_000 });
const Proposal = Type.Object({
  kind: Type.Enum(intentKinds),
  reason: Reason,
  keyIds: Type.Optional(KeyIds),
  policy: Type.Optional(Type.Object({ class: Text, keepDays: Type.Union([Type.Integer(), Type.Null()]) })),
  holdId: Type.Optional(Text),
  holdIds: Type.Optional(Type.Array(Type.String({ pattern: '^[0-9a-f]{32}$' }), { minItems: 1, maxItems: 500 })),
});
const Hold = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 200 }),
  reason: Reason,
  keyIds: Type.Optional(KeyIds),
  selector: Type.Optional(
    Type.Object({
      classes: Type.Array(Type.String({ pattern: '^[a-z][a-z0-9-]{0,30}$' }), { maxItems: 100 }),
      fromDay: Type.Optional(Text),
      toDay: Type.Optional(Text),
    }),
  ),
});
const Encoded = Type.String({ maxLength: 8192 });
const Signature = Type.Object({
  credentialId: Encoded,
  clientDataJson: Encoded,
  authenticatorData: Encoded,
  signature: Encoded,
});
const Person = Type.Object({
  userId: Type.String({ maxLength: 200 }),
  name: Type.String({ maxLength: 200 }),
  passkeys: Type.Array(
    // An id has 1,023 bytes at most (WebAuthn Level 3, 4), the longest public key, of ML-DSA-87, 2,592.
    Type.Object({
      credentialId: Type.String({ maxLength: 1364 }),
      publicKey: Type.String({ maxLength: 4096 }),
      hostName: Type.String({ maxLength: 253 }),
      counter: Type.Integer({ minimum: 0 }),
    }),
    { maxItems: 5 },
  ),
});
const Kept = Type.Object({ kept: Type.Array(Type.String()), notRead: Type.Union([Text, Type.Null()]) });

/** Destructions over frames; `server/destructions.ts` is the other end. */
export type DestructionFrames = {
  readonly handlers: FrameHandlers;
  /** The ledger is open: what it tells of destructions comes before anything else. */
  ledgerOpened(): Promise<void>;
};

export function createDestructionFrames(opened: () => Promise<KeyVault>): DestructionFrames {
  const desk = async (): Promise<DestructionDesk> => {
    const { destructions } = await opened();
    if (destructions === undefined) throw refusal('Cannot destroy keys: there is no ledger to record it in');
    return destructions;
  };
  return {
    handlers: {
      'destructions.list': async () => json((await desk()).overview()),
      'destructions.destroyed': async () => json((await desk()).destroyedKeys()),
      'destructions.propose': async ({ head, payload }) =>
        json(await (await desk()).propose(read(Proposal, payload), nameOf(head['by']))),
      'destructions.sign': async ({ head, payload }) =>
        json(await (await desk()).sign(textOf(head['id']), read(Signature, payload))),
      'destructions.cancel': async ({ head }) => {
        await (await desk()).cancel(textOf(head['id']), { by: nameOf(head['by']), reason: nameOf(head['reason']) });
        return { head: {} };
      },
      'destructions.hold': async ({ head, payload }) => {
        const { name, reason, keyIds = [], selector } = read(Hold, payload);
        return json(await (await desk()).placeHold({ name, reason, keyIds, selector }, nameOf(head['by'])));
      },
      'destructions.enrol': async ({ head, payload }) => {
        return json((await (await desk()).enrol(read(Person, payload), changeOf(head))) ?? null);
      },
      'destructions.withdraw': async ({ head }) =>
        json((await (await desk()).withdraw(textOf(head['credentialId']), changeOf(head))) ?? null),
      'destructions.reinstate': async ({ head }) =>
        json(await (await desk()).reinstate(textOf(head['credentialId']), changeOf(head))),
      'destructions.accept': async ({ head }) => {
        await (await desk()).acceptRestore({ by: nameOf(head['by']), reason: nameOf(head['reason']) });
        return { head: {} };
      },
      'destructions.hear': async ({ head }) => {
        const { checkpoint, needed } = head;
        (await desk()).hear({
          keys: textsOf(head['keys']),
          needed: typeof needed === 'number' ? needed : 0,
          checkpoint: typeof checkpoint === 'string' ? checkpoint : undefined,
        });
        return { head: {} };
      },
      'destructions.step': async ({ head, payload }) => {
        const { location, generation } = head;
        const exported =
          typeof location !== 'string' || payload === undefined
            ? undefined
            : {
                location: location.slice(0, maxTextLength),
                generation: Number(generation),
                sha256: hash('sha256', payload),
              };
        const open = await desk();
        const need = await open.step({ hasOffSite: head['hasOffSite'] === true, exported });
        const { vault } = (await opened()).known();
        return { head: { ...need, vault }, payload: Buffer.from(JSON.stringify(open.certifiable())) };
      },
      'destructions.export': async () => {
        const { bytes, generation, sha256 } = (await desk()).exportFile();
        return { head: { generation, sha256 }, payload: bytes };
      },
      'destructions.certificate': async ({ head }) => json((await desk()).certificate(textOf(head['id']))),
      'destructions.kept': async ({ payload }) => {
        const { kept, notRead } = read(Kept, payload);
        await (await desk()).replay({ kept, notRead: notRead ?? undefined, isAll: true });
        return { head: {} };
      },
    },
    async ledgerOpened() {
      const { destructions } = await opened();
      await destructions?.replay({ kept: [], notRead: undefined, isAll: false });
    },
  };
}

function changeOf(head: FrameBody['head']): ChangeAsked {
  const reason = nameOf(head['reason']).slice(0, maxReasonLength);
  return { by: nameOf(head['by']), reason, isAlone: head['isAlone'] === true };
}

/** An entry of the ledger that is too long would keep every later one out of it. */
function nameOf(value: JsonValue | undefined): string {
  const text = textOf(value);
  if (text.length <= maxTextLength) return text;
  throw refusal(`Cannot use a text of ${text.length} characters: must be at most ${maxTextLength}`);
}

function json(value: unknown): FrameBody {
  return { head: {}, payload: Buffer.from(JSON.stringify(value)) };
}

function read<Schema extends TSchema>(schema: Schema, payload: Uint8Array | undefined): Static<Schema> {
  const value: unknown = parseJson(Buffer.from(payload ?? new Uint8Array()).toString('utf8'));
  if (Check(schema, value)) return value;
  throw refusal('Cannot read what is asked: it is not well-formed');
}
