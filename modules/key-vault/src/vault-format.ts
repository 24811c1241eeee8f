import { hash } from 'node:crypto';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { Check } from 'typebox/value';
import { DestructionSection } from './destruction/section.ts';
import type { Section } from './destruction/section.ts';
import { providerKinds } from './key-provider.ts';
import { keyPurposes, keyStates } from './key-record.ts';
import type { KeyRecord } from './key-record.ts';
import type { Wrapper } from './wrapper.ts';

/*
 * A vault on disk, three lines:
 *   sallyport-key-vault@v2
 *   header: JSON, in clear, for it says where the key of the last line is found
 *   list: base64 of the JSON of every key, sealed under the active epoch's key and bound to the header; empty before there is one
 */
const format = 'sallyport-key-vault@v2';

/**
 * `creating`: its name is durable, its master key perhaps made. `active`: seals the list. `retired`: replaced.
 * `condemned`: to be destroyed once everything demanded before is there. `destroying`: the provider has been or is being told.
 */
export const epochStages = [
  'creating',
  'active',
  'retired',
  'condemned',
  'destroying',
  'pending',
  'destroyed',
] as const;
export type EpochStage = (typeof epochStages)[number];

const Id = Type.String({ pattern: '^[0-9a-f]{32}$' });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** One provider's wrapping of an epoch's key; any one of an epoch's opens it. */
const Wrap = Type.Object({
  provider: Type.Enum(providerKinds),
  name: Type.String(),
  reference: Type.String(),
  /** base64; empty before the master key is made and after it is destroyed. */
  wrapped: Type.String(),
});
const Epoch = Type.Object({ epoch: Count, stage: Type.Enum(epochStages), wraps: Type.Array(Wrap) });
const Header = Type.Object({
  vault: Id,
  generation: Count,
  epochs: Type.Array(Epoch),
  /** SHA-256 of the vault of version 1 this one was made from. */
  before: Type.Optional(Type.String()),
});
const KeyEventShape = Type.Object({
  atMs: Type.Number(),
  state: Type.Enum(keyStates),
  by: Type.String(),
  reason: Type.String(),
});
const Record = Type.Object({
  id: Id,
  level: Type.Enum(['purpose', 'data']),
  purpose: Type.Enum(keyPurposes),
  label: Type.String(),
  version: Count,
  parent: Type.String(),
  createdAtMs: Type.Number(),
  state: Type.Enum(keyStates),
  wrapped: Type.String(),
  history: Type.Array(KeyEventShape),
  /** How long the vault had been seen running when the key was made. */
  observedMs: Type.Optional(Type.Number()),
});
const EpochHistory = Type.Object({
  epoch: Count,
  createdAtMs: Type.Number(),
  compromised: Type.Boolean(),
  history: Type.Array(
    Type.Object({ atMs: Type.Number(), stage: Type.String(), by: Type.String(), reason: Type.String() }),
  ),
  /** What the provider answered when it was told to destroy the master keys. */
  receipts: Type.Array(
    Type.Object({
      name: Type.String(),
      presence: Type.String(),
      done: Type.Array(Type.String()),
      notPromised: Type.Array(Type.String()),
    }),
  ),
});
const List = Type.Object({
  records: Type.Array(Record),
  epochs: Type.Array(EpochHistory),
  /** Which place each provider was when it was first used. */
  identities: Type.Array(Type.Object({ provider: Type.Enum(providerKinds), identity: Type.String() })),
  /** SHA-256 of the machine that may make and destroy master keys. */
  machine: Type.Optional(Type.String()),
  destruction: Type.Optional(DestructionSection),
});

export type EpochWrap = Static<typeof Wrap>;
export type VaultEpoch = Static<typeof Epoch>;
export type VaultHeader = Static<typeof Header>;
export type EpochHistory = Static<typeof EpochHistory>;
export type VaultList = {
  readonly records: readonly KeyRecord[];
  readonly epochs: readonly EpochHistory[];
  readonly identities: Static<typeof List>['identities'];
  readonly machine?: string;
  readonly destruction?: Section;
};
/** What stands in the file: `sealed` is undefined while the first epoch is being made. */
export type VaultFile = {
  readonly header: VaultHeader;
  readonly headerText: string;
  readonly sealed: Buffer | undefined;
};

/** The file's bytes; `list` is undefined while the first epoch is being made. */
export function formatVaultFile(header: VaultHeader, list?: { content: VaultList; seal: Wrapper }): Buffer {
  const headerText = JSON.stringify(header);
  const sealed = list?.seal.wrap(Buffer.from(JSON.stringify(list.content)), listContext(header.vault, headerText));
  return Buffer.from(`${format}\n${headerText}\n${sealed?.toString('base64') ?? ''}\n`);
}

/** The parts, or undefined when the bytes are not a well-formed vault. Nothing of it is authenticated yet. */
export function parseVaultFile(bytes: Uint8Array): VaultFile | undefined {
  const [head, headerText = '', sealed, ...rest] = Buffer.from(bytes).toString('utf8').split('\n');
  if (head !== format || sealed === undefined || rest.length !== 1 || rest[0] !== '') return undefined;
  try {
    const header: unknown = JSON.parse(headerText);
    if (!Check(Header, header)) return undefined;
    return { header, headerText, sealed: sealed === '' ? undefined : Buffer.from(sealed, 'base64') };
  } catch {
    return undefined;
  }
}

/** Opens the list. Throws `unseal_failed` when list or header were changed, or are of another vault or epoch. */
export function openList(file: VaultFile, seal: Wrapper): VaultList | undefined {
  const text = seal.unwrap(file.sealed ?? Buffer.alloc(0), listContext(file.header.vault, file.headerText));
  const list: unknown = JSON.parse(text.toString('utf8'));
  return Check(List, list) ? list : undefined;
}

function listContext(vault: string, headerText: string): string {
  return `${format}\n${vault}\nlist\n${hash('sha256', headerText)}`;
}

/** How a purpose key names the epoch that wraps it. */
export const epochId = (epoch: number): string => `epoch-${epoch}`;

/** 0 for what names no epoch. */
export function epochNumber(id: string): number {
  return Number(/^epoch-(\d+)$/.exec(id)?.[1] ?? 0);
}
