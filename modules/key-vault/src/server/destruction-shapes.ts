import { Type } from 'typebox';
import { approverChanges, intentKinds, intentStages } from '../destruction/shown.ts';

/** As `destruction/shown.ts` says in types: what the sealer answers and the routes give. */

const Id = Type.String({ description: '32 hexadecimal digits' });
const Policy = Type.Object({
  class: Type.String(),
  keepDays: Type.Union([Type.Integer(), Type.Null()], { description: 'null: for ever' }),
});
export const IntentShape = Type.Object({
  id: Id,
  kind: Type.Enum(intentKinds),
  stage: Type.Enum(intentStages),
  keys: Type.Array(Type.Object({ id: Id, purpose: Type.String(), label: Type.String() })),
  policy: Type.Optional(Policy),
  holdId: Type.Optional(Id),
  holdIds: Type.Optional(Type.Array(Id, { description: 'Several that are released together' })),
  approver: Type.Optional(
    Type.Object(
      {
        change: Type.Enum(approverChanges),
        userId: Type.String(),
        name: Type.String(),
        list: Type.Integer({ description: 'Counted up with each change of the list; part of what is signed' }),
        isAlone: Type.Boolean({ description: 'No two people are left: one signature and a wait of weeks' }),
        passkeys: Type.Array(
          Type.Object({
            credentialId: Type.String(),
            hostName: Type.String(),
            fingerprint: Type.String({ description: 'SHA256:… of the public key, as certificates print it' }),
          }),
        ),
      },
      { description: 'Of kind approver: whose passkeys are to count, or no more' },
    ),
  ),
  reason: Type.String(),
  by: Type.String({ description: 'Who proposed it' }),
  atMs: Type.Number(),
  digest: Type.String({ description: 'SHA-256 of the exact statement, hexadecimal: what passkeys sign' }),
  signatures: Type.Array(Type.Object({ by: Type.String(), name: Type.String(), atMs: Type.Number() })),
  wait: Type.Object({
    evidence: Type.Enum(['witnesses', 'running-time']),
    neededMs: Type.Number(),
    remainingMs: Type.Optional(Type.Number()),
  }),
  obstacles: Type.Array(
    Type.Object({ kind: Type.String(), message: Type.String(), hint: Type.Optional(Type.String()) }),
    { description: 'What stands in the way, and what to do next' },
  ),
  kept: Type.Array(Type.Object({ keyId: Id, why: Type.String(), by: Type.String() }), {
    description: 'Keys of the list that survive',
  }),
  suspended: Type.Optional(Type.String({ description: 'Why its signatures do not count any more' })),
  endedBy: Type.Optional(Type.String()),
  endReason: Type.Optional(Type.String()),
  export: Type.Optional(Type.Object({ sha256: Type.String(), location: Type.String(), generation: Type.Integer() })),
  hasCertificate: Type.Boolean(),
});
export const HoldShape = Type.Object({
  id: Id,
  name: Type.String(),
  reason: Type.String(),
  by: Type.String(),
  atMs: Type.Number(),
  keyIds: Type.Array(Id, { description: 'Those named and those the selector finds now' }),
  leftOut: Type.Optional(
    Type.Integer({ description: 'How many more it keeps: too many to list again, a hold before it has them' }),
  ),
  selector: Type.Optional(
    Type.Object({
      classes: Type.Array(Type.String()),
      fromDay: Type.Optional(Type.String()),
      toDay: Type.Optional(Type.String()),
    }),
  ),
});
export const ApproverShape = Type.Object({
  userId: Type.String(),
  name: Type.String(),
  credentialId: Type.String(),
  hostName: Type.String(),
  by: Type.String(),
  atMs: Type.Number(),
  isEffective: Type.Boolean({ description: 'Whether its signatures count now' }),
  remainingMs: Type.Optional(Type.Number()),
  fingerprint: Type.String({ description: 'SHA256:… of the public key, as certificates print it' }),
  agreedBy: Type.Optional(
    Type.Array(Type.String(), { description: 'Who agreed; missing for the first two people, and for older ones' }),
  ),
  stopped: Type.Optional(Type.String({ description: 'Why it signs nothing until two people agree that it does' })),
});
export const OverviewShape = Type.Object({
  vault: Type.String(),
  waitMs: Type.Number(),
  evidence: Type.Enum(['witnesses', 'running-time']),
  observedMs: Type.Number(),
  witnesses: Type.Optional(Type.Object({ keys: Type.Array(Type.String()), needed: Type.Integer() })),
  isListBound: Type.Boolean({ description: 'Whether two people agree to every change of who may agree' }),
  intents: Type.Array(IntentShape),
  holds: Type.Array(HoldShape),
  approvers: Type.Array(ApproverShape),
  policies: Type.Array(
    Type.Object({
      id: Id,
      class: Type.String(),
      keepDays: Type.Union([Type.Integer(), Type.Null()]),
      agreedAtMs: Type.Number(),
    }),
  ),
  condemnedEpochs: Type.Array(Type.Integer(), {
    description: 'Epochs whose master keys still open older copies of the vault',
  }),
  isRestored: Type.Optional(Type.Boolean()),
  awaitsWord: Type.Optional(
    Type.Boolean({ description: 'After a restore nothing expires before somebody has accepted it' }),
  ),
  unknownSince: Type.Optional(Type.Object({ atMs: Type.Number(), why: Type.String() })),
});
export const Certifiable = Type.Array(Type.Object({ id: Id, stage: Type.String() }));
export const DestroyedKeys = Type.Array(
  Type.Object({ id: Id, purpose: Type.String(), label: Type.String(), atMs: Type.Number() }),
);
