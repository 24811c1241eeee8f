import { findingLevels } from '@sallyport/contracts';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { Check } from 'typebox/value';

/** From the one most trusted to the one least. */
export const ruleStatuses = ['stable', 'test', 'experimental', 'deprecated', 'unsupported'] as const;

const closed = { additionalProperties: false } as const;
const Person = Type.Object({ kind: Type.String(), id: Type.String(), name: Type.String() }, closed);

/** A release that was imported. */
const PackVersion = Type.Object(
  {
    version: Type.String(),
    createdMs: Type.Number(),
    licence: Type.String(),
    source: Type.String(),
    files: Type.Integer(),
    bytes: Type.Integer(),
    /** Of the whole file, hex. */
    sha256: Type.String(),
    /** Verifier key that signed it, as `name+id+base64`. */
    key: Type.String(),
    importedMs: Type.Number(),
    importedBy: Person,
    /** `reading`: its rules are being read. `failed`: they could not be. */
    reading: Type.Enum(['reading', 'done', 'failed']),
    reason: Type.Optional(Type.String()),
    rules: Type.Integer(),
    refused: Type.Integer(),
    /** The newest hunts that asked what its new rules would have found. */
    tried: Type.Optional(
      Type.Object({ ids: Type.Array(Type.String()), rules: Type.Integer(), days: Type.Integer() }, closed),
    ),
  },
  closed,
);
const PackPolicy = Type.Object(
  { minimumLevel: Type.Enum(findingLevels), minimumStatus: Type.Enum(ruleStatuses) },
  closed,
);
const SwitchedOff = Type.Object(
  { ruleId: Type.String(), title: Type.String(), reason: Type.String(), by: Person, atMs: Type.Number() },
  closed,
);
const PackState = Type.Object(
  {
    name: Type.String(),
    versions: Type.Array(PackVersion),
    inForce: Type.Optional(Type.String()),
    /** Versions that were in force before, the newest first. */
    before: Type.Array(Type.String()),
    policy: PackPolicy,
    off: Type.Array(SwitchedOff),
  },
  closed,
);

export type PackVersion = Static<typeof PackVersion>;
export type PackPolicy = Static<typeof PackPolicy>;
export type SwitchedOff = Static<typeof SwitchedOff>;
/** All that is kept of one pack besides its files. Releases of it come and go; policy and switched-off rules stay. */
export type PackState = Static<typeof PackState>;

export const packStateLimits = {
  packs: 20,
  /** Versions that were in force and can be gone back to, besides the one in force. */
  before: 3,
  /** Versions that wait to be put into force. */
  staged: 3,
  off: 2000,
} as const;

export function newPack(name: string): PackState {
  return {
    name,
    versions: [],
    before: [],
    policy: { minimumLevel: 'informational', minimumStatus: 'experimental' },
    off: [],
  };
}

export function isPackState(value: unknown): value is PackState {
  return Check(PackState, value);
}

export function versionOf(state: PackState, version: string | undefined): PackVersion | undefined {
  return state.versions.find((one) => one.version === version);
}

/** `state` with this version as it is now. */
export function withVersion(state: PackState, changed: PackVersion): PackState {
  const others = state.versions.filter(({ version }) => version !== changed.version);
  return { ...state, versions: [...others, changed].toSorted((a, b) => b.createdMs - a.createdMs) };
}

/** `state` with this version in force, and without those that are too old to go back to. */
export function withInForce(state: PackState, version: string): PackState {
  const were = [...(state.inForce === undefined ? [] : [state.inForce]), ...state.before];
  const before = [...new Set(were)].filter((one) => one !== version);
  const kept = before.slice(0, packStateLimits.before);
  const gone = new Set(before.slice(packStateLimits.before));
  return {
    ...state,
    inForce: version,
    before: kept,
    versions: state.versions.filter((one) => !gone.has(one.version)),
  };
}
