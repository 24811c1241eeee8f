import { Type } from 'typebox';
import type { Static } from 'typebox';
import { findingLevels } from '@sallyport/contracts';
import { algorithmOf } from './algorithms.ts';
import type { AlgorithmId } from './algorithms.ts';
import { assetKinds, assetStates, keyRoles } from './asset.ts';
import type { Asset } from './asset.ts';
import type { InventoryPolicy } from './policy.ts';
import { strengthOf } from './strength.ts';
import { weaknessesOf, weaknessReasons } from './weakness.ts';

const WeaknessBody = Type.Object({
  reason: Type.Enum([...weaknessReasons]),
  level: Type.Enum([...findingLevels]),
  message: Type.String(),
});

const Optional = { text: Type.Optional(Type.String()), number: Type.Optional(Type.Number()) };

/** One row of the inventory, flat: fields that its kind does not have are left out. Never any bytes of a key. */
export const AssetBody = Type.Object({
  id: Type.String({ description: 'The same at every gathering; begins with the kind' }),
  kind: Type.Enum([...assetKinds]),
  name: Type.String(),
  owner: Type.String({ description: 'The part of the product that answers for it' }),
  used_for: Type.String(),
  where: Type.String(),
  known: Type.Enum(['asked', 'declared'], {
    description:
      'Asked: read just now from what holds it or does it. Declared: written down by the makers of the product',
  }),
  known_by: Type.String(),
  algorithm: Type.Optional(Type.String({ description: 'Its name' })),
  strength_bits: Type.Optional(
    Type.Integer({ description: 'Against today’s computers (NIST SP 800-57 part 1, 5.6.1)' }),
  ),
  quantum_category: Type.Optional(
    Type.Integer({ description: 'NIST’s categories 1 to 5 against quantum computers; 0: such a computer breaks it' }),
  ),
  weaknesses: Type.Array(WeaknessBody),
  state: Type.Optional(Type.Enum([...assetStates])),
  role: Type.Optional(Type.Enum([...keyRoles])),
  material: Optional.text,
  size_bits: Optional.number,
  version: Optional.text,
  count: Type.Optional(Type.Integer({ description: 'How many of the same sort this row stands for' })),
  created_ms: Optional.number,
  age_days: Type.Optional(Type.Integer()),
  expires_ms: Optional.number,
  expires_in_days: Type.Optional(Type.Integer()),
  secured_by: Optional.text,
  subject: Optional.text,
  issuer: Optional.text,
  serial_number: Optional.text,
  sha256: Optional.text,
  is_authority: Type.Optional(Type.Boolean()),
  is_used: Type.Optional(Type.Boolean({ description: 'Of a certificate: others are shown it now' })),
  side: Type.Optional(Type.Enum(['server', 'client'])),
  cipher_suites: Type.Optional(Type.Array(Type.String())),
  groups: Type.Optional(Type.Array(Type.String(), { description: 'For agreeing on keys' })),
  purl: Optional.text,
  licence: Optional.text,
  encryption: Type.Optional(Type.Enum(['sealed', 'partly', 'clear'])),
  in_clear: Type.Optional(Type.Array(Type.String(), { description: 'What stands there unencrypted' })),
  uses: Type.Optional(Type.Integer()),
});
export type AssetBody = Static<typeof AssetBody>;

const dayMs = 86_400_000;

export function assetBody(asset: Asset, policy: InventoryPolicy, nowMs: number): AssetBody {
  const { bits, category } = strengthOf(asset);
  return {
    id: asset.id,
    kind: asset.kind,
    name: asset.name,
    owner: asset.owner,
    used_for: asset.usedFor,
    where: asset.where,
    known: asset.known.kind,
    known_by: asset.known.by,
    ...(bits === undefined ? {} : { strength_bits: bits }),
    ...(category === undefined ? {} : { quantum_category: category }),
    weaknesses: weaknessesOf(asset, policy, nowMs).map(({ reason, level, message }) => ({ reason, level, message })),
    ...ofKind(asset, nowMs),
  };
}

function ofKind(asset: Asset, nowMs: number): Partial<AssetBody> {
  switch (asset.kind) {
    case 'key':
      return {
        state: asset.state,
        role: asset.role,
        material: asset.material,
        ...named(asset.algorithm, asset.algorithmName),
        ...(asset.sizeBits === undefined ? {} : { size_bits: asset.sizeBits }),
        ...(asset.version === undefined ? {} : { version: String(asset.version) }),
        ...(asset.count === undefined ? {} : { count: asset.count }),
        ...(asset.securedBy === undefined ? {} : { secured_by: asset.securedBy }),
        ...timesOf(asset.createdAtMs, asset.expiresAtMs, nowMs),
      };
    case 'certificate':
      return {
        ...named(asset.keyAlgorithm, undefined),
        subject: asset.subject,
        issuer: asset.issuer,
        serial_number: asset.serialNumber,
        sha256: asset.sha256,
        is_authority: asset.isAuthority,
        is_used: asset.isUsed,
        ...(asset.keyBits === undefined ? {} : { size_bits: asset.keyBits }),
        ...timesOf(asset.notBeforeMs, asset.notAfterMs, nowMs),
      };
    case 'protocol':
      return {
        version: asset.version,
        side: asset.side,
        cipher_suites: asset.cipherSuites.map(({ name }) => name),
        groups: [...asset.groups],
      };
    case 'library':
      return {
        version: asset.version,
        purl: asset.purl,
        ...(asset.licence === undefined ? {} : { licence: asset.licence }),
      };
    case 'store':
      return { ...named(asset.algorithm, undefined), encryption: asset.encryption, in_clear: [...asset.clear] };
    case 'algorithm':
      return { ...named(asset.algorithm, undefined), uses: asset.uses };
  }
}

function named(id: AlgorithmId | undefined, name: string | undefined): { algorithm?: string } {
  const known = id === undefined ? name : algorithmOf(id).name;
  return known === undefined ? {} : { algorithm: known };
}

function timesOf(createdMs: number | undefined, endMs: number | undefined, nowMs: number): Partial<AssetBody> {
  return {
    ...(createdMs === undefined
      ? {}
      : { created_ms: createdMs, age_days: Math.max(0, Math.floor((nowMs - createdMs) / dayMs)) }),
    ...(endMs === undefined ? {} : { expires_ms: endMs, expires_in_days: Math.floor((endMs - nowMs) / dayMs) }),
  };
}
