import { Type } from 'typebox';
import type { Static } from 'typebox';
import { approverChanges, intentKinds, intentStages } from './shown.ts';

/*
 * What the sealed list of the vault holds about destructions: in both copies, counted by the generation. Everything that
 * changes here is an entry of the ledger as well, which waits in `outbox` until the ledger has it.
 */

const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Vouched = Type.Object({ atMs: Type.Number(), by: Type.String() });

/** When something was recorded, as far as anybody can tell. */
const Moment = Type.Object({
  /** By the clock of this machine, which is shown and never believed alone. */
  atMs: Type.Number(),
  /** How long the vault had been seen running. */
  observedMs: Type.Number(),
  /** Which of our entries records it, and where that stands once the ledger has it. */
  sequence: Count,
  log: Type.Optional(Count),
  index: Type.Optional(Count),
  /** The first time each witness gave that covers it. */
  vouched: Type.Array(Vouched),
});

const Approver = Type.Object({
  userId: Type.String(),
  name: Type.String(),
  credentialId: Type.String(),
  /** COSE, base64url. */
  publicKey: Type.String(),
  hostName: Type.String(),
  counter: Count,
  by: Type.String(),
  since: Moment,
  /** One of the first two people: nobody was there who could have agreed. */
  isFounder: Type.Boolean(),
  /** Names of those who agreed to it with their passkeys: it counts at once. */
  agreedBy: Type.Optional(Type.Array(Type.String())),
  /** Signs nothing any more, until two people agree that it does. */
  stopped: Type.Optional(Type.Object({ by: Type.String(), reason: Type.String(), atMs: Type.Number() })),
});

const ApproverChange = Type.Object({
  change: Type.Enum(approverChanges),
  userId: Type.String(),
  name: Type.String(),
  list: Count,
  isAlone: Type.Boolean(),
  passkeys: Type.Array(
    Type.Object({ credentialId: Type.String(), publicKey: Type.String(), hostName: Type.String(), counter: Count }),
  ),
});

/** A passkey's assertion with what it takes to check it again, by anybody. */
const Signature = Type.Object({
  userId: Type.String(),
  name: Type.String(),
  credentialId: Type.String(),
  publicKey: Type.String(),
  hostName: Type.String(),
  clientDataJson: Type.String(),
  authenticatorData: Type.String(),
  signature: Type.String(),
  atMs: Type.Number(),
});

const Policy = Type.Object({ class: Type.String(), keepDays: Type.Union([Count, Type.Null()]) });
const AgreedPolicy = Type.Object({
  id: Type.String(),
  class: Type.String(),
  keepDays: Type.Union([Count, Type.Null()]),
  agreedAtMs: Type.Number(),
});
const Selector = Type.Object({
  classes: Type.Array(Type.String()),
  fromDay: Type.Optional(Type.String()),
  toDay: Type.Optional(Type.String()),
});
export const HoldShape = Type.Object({
  id: Type.String(),
  name: Type.String(),
  reason: Type.String(),
  by: Type.String(),
  atMs: Type.Number(),
  keyIds: Type.Array(Type.String()),
  selector: Type.Optional(Selector),
});
const Receipt = Type.Object({
  epoch: Count,
  stage: Type.String(),
  providers: Type.Array(
    Type.Object({
      kind: Type.String(),
      name: Type.String(),
      presence: Type.String(),
      destruction: Type.String(),
      done: Type.Array(Type.String()),
      notPromised: Type.Array(Type.String()),
    }),
  ),
});
const Exported = Type.Object({ sha256: Type.String(), location: Type.String(), generation: Count });

const Intent = Type.Object({
  id: Type.String(),
  kind: Type.Enum(intentKinds),
  /** Counted up when its signatures stop counting; part of what is signed. */
  round: Count,
  stage: Type.Enum(intentStages),
  keyIds: Type.Array(Type.String()),
  policy: Type.Optional(Policy),
  holdId: Type.Optional(Type.String()),
  /** Several that are released together. */
  holdIds: Type.Optional(Type.Array(Type.String())),
  approver: Type.Optional(ApproverChange),
  reason: Type.String(),
  by: Type.String(),
  proposed: Moment,
  signatures: Type.Array(Signature),
  /** When it was signed first: from here on it waits. */
  signed: Type.Optional(Moment),
  kept: Type.Array(Type.Object({ keyId: Type.String(), why: Type.String(), by: Type.String() })),
  suspended: Type.Optional(Type.String()),
  ended: Type.Optional(Type.Object({ by: Type.String(), reason: Type.String(), atMs: Type.Number() })),
  /** Epochs that sealed copies of these keys. */
  epochs: Type.Array(Count),
  waited: Type.Optional(Type.Object({ evidence: Type.String(), neededMs: Type.Number() })),
  exported: Type.Optional(Exported),
  fence: Type.Optional(Type.String()),
  receipts: Type.Array(Receipt),
  /** Our entries about it, in their order. */
  entries: Type.Array(
    Type.Object({
      sequence: Count,
      action: Type.String(),
      log: Type.Optional(Count),
      index: Type.Optional(Count),
    }),
  ),
  /** SHA-256 of the statement its certificate makes, as the last entry has it. */
  statement: Type.Optional(Type.String()),
});

const WitnessSetting = Type.Object({
  /** signed-note vkeys. */
  keys: Type.Array(Type.String()),
  needed: Count,
  sinceObservedMs: Type.Number(),
});

export const DestructionSection = Type.Object({
  /** How long this vault has been seen running. */
  observedMs: Type.Number(),
  waitMs: Type.Number(),
  /** A shorter waiting time takes effect after the present one. */
  nextWait: Type.Optional(Type.Object({ waitMs: Type.Number(), sinceObservedMs: Type.Number() })),
  nextSequence: Count,
  outbox: Type.Array(Type.Object({ sequence: Count, event: Type.String() })),
  approvers: Type.Array(Approver),
  /** Counted up with each change of the list of approvers. */
  approverList: Type.Optional(Count),
  /** People who ever were approvers, up to two. */
  founders: Type.Array(Type.String()),
  intents: Type.Array(Intent),
  holds: Type.Array(HoldShape),
  policies: Type.Array(AgreedPolicy),
  /** In force, and the one that is to follow when it has been known for the waiting time. */
  witnesses: Type.Optional(WitnessSetting),
  nextWitnesses: Type.Optional(WitnessSetting),
  lastExpiry: Type.Optional(Moment),
  /** A restore brought back keys that had been destroyed: their epoch is to be replaced. */
  mustRotate: Type.Optional(Type.Boolean()),
  /** Everything was put back, and what happened since has not been looked up yet. */
  isRestored: Type.Optional(Type.Boolean()),
  /** What was put back has been looked up, and nobody has looked at it yet: nothing expires. */
  awaitsWord: Type.Optional(Type.Boolean()),
  unknownSince: Type.Optional(Type.Object({ atMs: Type.Number(), why: Type.String() })),
});

export type Section = Static<typeof DestructionSection>;
export type Moment = Static<typeof Moment>;
export type Approver = Static<typeof Approver>;
export type ApproverChange = Static<typeof ApproverChange>;
export type Signature = Static<typeof Signature>;
export type Intent = Static<typeof Intent>;
export type Hold = Static<typeof HoldShape>;
export type WitnessSetting = Static<typeof WitnessSetting>;
export type IntentReceipt = Static<typeof Receipt>;

export function emptySection(waitMs: number): Section {
  return {
    observedMs: 0,
    waitMs,
    nextSequence: 0,
    outbox: [],
    approvers: [],
    founders: [],
    intents: [],
    holds: [],
    policies: [],
  };
}
