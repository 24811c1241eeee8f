/** Destructions as people and other modules see them: what the sealer tells the server. No key, no secret. */

/**
 * `request`: keys to be destroyed, by two people and after the waiting time. `expiry`: keys a policy two people agreed to
 * lets go. `policy`: such a policy. `release`: the end of a legal hold. `approver`: another list of whose passkeys count.
 */
export const intentKinds = ['request', 'expiry', 'policy', 'release', 'approver'] as const;
export type IntentKind = (typeof intentKinds)[number];

/** `reinstate`: a passkey that was stopped counts again. */
export const approverChanges = ['enrol', 'remove', 'reinstate'] as const;
export type ApproverChange = (typeof approverChanges)[number];

/** What is to become of whose passkeys, as people see it. */
export type ShownApproverChange = {
  readonly change: ApproverChange;
  readonly userId: string;
  readonly name: string;
  /** Counted up with each change of the list: what was signed is signed over the list as it was. */
  readonly list: number;
  /** Asked for by an organisation that has no two people left who can sign: one signature and a long wait. */
  readonly isAlone: boolean;
  readonly passkeys: readonly {
    readonly credentialId: string;
    readonly hostName: string;
    /** `SHA256:…` of the public key, as certificates print it: to be compared with what its owner sees. */
    readonly fingerprint: string;
  }[];
};

/**
 * `proposed`: signatures, time or something else is missing, see `obstacles`. `begun`: the list is final. `rotated`: the
 * vault lives without the keys; they can still be brought back. `removed`: they cannot; every copy of the old vault that
 * lies elsewhere still opens. `destroying`: the providers are being told. `scheduled`: a provider destroys by itself
 * later. `destroyed`: the providers say so. `agreed`: a policy or a release took effect. `cancelled`, `emptied`: nothing
 * happened; of the latter every key was held or protected.
 */
export const intentStages = [
  'proposed',
  'begun',
  'rotated',
  'removed',
  'destroying',
  'scheduled',
  'destroyed',
  'agreed',
  'cancelled',
  'emptied',
] as const;
export type IntentStage = (typeof intentStages)[number];

/** `keepDays` null: for ever. */
export type RetentionPolicy = { readonly class: string; readonly keepDays: number | null };

/** Data keys of blocks by their label CLASS/DAY, those made later included. Days as in labels, both inclusive. */
export type HoldSelector = {
  readonly classes: readonly string[];
  readonly fromDay?: string | undefined;
  readonly toDay?: string | undefined;
};

export type ShownKey = { readonly id: string; readonly purpose: string; readonly label: string };

/** What stands in the way, each with a sentence for people and, where somebody can do something, what. */
export type ShownObstacle = { readonly kind: string; readonly message: string; readonly hint?: string | undefined };

export type ShownIntent = {
  readonly id: string;
  readonly kind: IntentKind;
  readonly stage: IntentStage;
  /** The exact list, sorted by id. Of a key already destroyed only the record is left. */
  readonly keys: readonly ShownKey[];
  readonly policy?: RetentionPolicy | undefined;
  readonly holdId?: string | undefined;
  /** Several that are released together. */
  readonly holdIds?: readonly string[] | undefined;
  readonly approver?: ShownApproverChange | undefined;
  readonly reason: string;
  readonly by: string;
  readonly atMs: number;
  /** Hexadecimal SHA-256 of the exact statement; each signature's challenge is these bytes. */
  readonly digest: string;
  readonly signatures: readonly { readonly by: string; readonly name: string; readonly atMs: number }[];
  readonly wait: {
    readonly evidence: 'witnesses' | 'running-time';
    readonly neededMs: number;
    /** Undefined: nobody has vouched for its beginning yet. */
    readonly remainingMs?: number | undefined;
  };
  readonly obstacles: readonly ShownObstacle[];
  /** Keys of the list that survive, each with the reason. */
  readonly kept: readonly { readonly keyId: string; readonly why: string; readonly by: string }[];
  /** Why its signatures no longer count, when they do not. */
  readonly suspended?: string | undefined;
  readonly endedBy?: string | undefined;
  readonly endReason?: string | undefined;
  readonly export?: { readonly sha256: string; readonly location: string; readonly generation: number } | undefined;
  readonly hasCertificate: boolean;
};

export type ShownHold = {
  readonly id: string;
  readonly name: string;
  readonly reason: string;
  readonly by: string;
  readonly atMs: number;
  /** Given ids together with those the selector finds now; all holds together list every key that is held. */
  readonly keyIds: readonly string[];
  /** How many more it keeps, each of them among `keyIds` of a hold before it. */
  readonly leftOut?: number | undefined;
  readonly selector?: HoldSelector | undefined;
};

export type ShownApprover = {
  readonly userId: string;
  readonly name: string;
  /** WebAuthn credential id, base64url. */
  readonly credentialId: string;
  readonly hostName: string;
  readonly by: string;
  readonly atMs: number;
  /** Whether signatures by this passkey count now. */
  readonly isEffective: boolean;
  /** Until they do; undefined when nobody has vouched for the time yet. */
  readonly remainingMs?: number | undefined;
  /** `SHA256:…` of the public key, as certificates print it. */
  readonly fingerprint: string;
  /** Who agreed to it, by name; undefined for the first two people, and for those from before anybody had to. */
  readonly agreedBy?: readonly string[] | undefined;
  /** Why its signatures were stopped, when they were. */
  readonly stopped?: string | undefined;
};

export type ShownPolicy = RetentionPolicy & { readonly id: string; readonly agreedAtMs: number };

export type DestructionOverview = {
  readonly vault: string;
  readonly waitMs: number;
  readonly evidence: 'witnesses' | 'running-time';
  /** How long this vault was seen running, milliseconds, while these things count. */
  readonly observedMs: number;
  /** Witness keys whose times and signatures count, and how many of them it takes. */
  readonly witnesses?: { readonly keys: readonly string[]; readonly needed: number } | undefined;
  /** Two people agree to every change of who may agree; false until two people were enrolled. */
  readonly isListBound: boolean;
  readonly intents: readonly ShownIntent[];
  readonly holds: readonly ShownHold[];
  readonly approvers: readonly ShownApprover[];
  readonly policies: readonly ShownPolicy[];
  /** Epochs whose master keys still stand and open older copies. */
  readonly condemnedEpochs: readonly number[];
  /** Everything was put back, and what was kept elsewhere has not been told yet. */
  readonly isRestored?: boolean;
  /** After a restore, until somebody has accepted it: nothing expires. */
  readonly awaitsWord?: boolean;
  /** Since when destructions may be missing after a restore, and why; undefined when nothing is doubted. */
  readonly unknownSince?: { readonly atMs: number; readonly why: string } | undefined;
};
