import type { FindingLevel } from '@sallyport/contracts';
import { algorithmOf } from './algorithms.ts';
import type { AlgorithmId } from './algorithms.ts';
import type { Asset, CertificateAsset, KeyAsset, ProtocolAsset } from './asset.ts';
import { periodOf } from './policy.ts';
import type { InventoryPolicy } from './policy.ts';
import { strengthOf } from './strength.ts';

export const weaknessReasons = [
  'compromised',
  'expired',
  'expiring',
  'overdue',
  'weak-key',
  'weak-signature',
  'weak-protocol',
  'weak-password-hash',
] as const;
export type WeaknessReason = (typeof weaknessReasons)[number];

/** What is wrong with one asset. There is at most one of each reason, and it gets worse by `stage`. */
export type Weakness = {
  readonly reason: WeaknessReason;
  /** Told again when it rises. */
  readonly stage: number;
  readonly level: FindingLevel;
  /** For people; a sentence without its full stop. */
  readonly message: string;
};

const dayMs = 86_400_000;
/** States in which a key protects nothing new: its age is of no matter any more. */
const done: ReadonlySet<KeyAsset['state']> = new Set([
  'retired',
  'compromised',
  'revoked',
  'expired',
  'destroyed',
  'suspended',
  'created',
]);

/** Everything wrong with an asset, by the policy and the clock. */
export function weaknessesOf(asset: Asset, policy: InventoryPolicy, nowMs: number): readonly Weakness[] {
  switch (asset.kind) {
    case 'key':
      return keyWeaknesses(asset, policy, nowMs);
    case 'certificate':
      return asset.isUsed ? certificateWeaknesses(asset, policy, nowMs) : [];
    case 'protocol':
      return protocolWeaknesses(asset);
    case 'algorithm':
    case 'library':
    case 'store':
      return [];
  }
}

function keyWeaknesses(asset: KeyAsset, policy: InventoryPolicy, nowMs: number): Weakness[] {
  const { state, role, createdAtMs, expiresAtMs, cost, name } = asset;
  const found: Weakness[] = [];
  if (state === 'destroyed' || state === 'revoked') return found;
  if (state === 'compromised') {
    const message = `"${name}" is compromised: what it protects is to be encrypted or signed anew`;
    found.push({ reason: 'compromised', stage: 1, level: 'critical', message });
  }
  if (!done.has(state) && createdAtMs !== undefined) {
    const days = periodOf(policy, role);
    const ageDays = Math.floor((nowMs - createdAtMs) / dayMs);
    // Once more for every further half of its period.
    const stage = Math.floor((ageDays - days) / (days / 2)) + 1;
    if (ageDays > days)
      found.push({
        reason: 'overdue',
        stage,
        level: stage > 2 ? 'medium' : 'low',
        message: `"${name}" is ${ageDays} days old and still in use, must be replaced after ${days}`,
      });
  }
  // That a key which programs hold has ended is as it was meant to be: whoever forgot it must hear before.
  const isOver = asset.material === 'token' && expiresAtMs !== undefined && expiresAtMs <= nowMs;
  if (!done.has(state) && expiresAtMs !== undefined && !isOver) {
    const ending = endWeakness(name, expiresAtMs, policy, nowMs);
    if (ending !== undefined) found.push(ending);
  }
  const weak = weakKey(asset, name, policy);
  if (weak !== undefined) found.push(weak);
  if (
    cost !== undefined &&
    (cost.memoryKib < policy.least_password_memory_kib || cost.passes < policy.least_password_passes)
  ) {
    found.push({
      reason: 'weak-password-hash',
      stage: 1,
      level: 'medium',
      message: `${asset.count ?? 1} passwords are hashed with ${cost.memoryKib} KiB and ${cost.passes} passes, must be at least ${policy.least_password_memory_kib} and ${policy.least_password_passes}`,
    });
  }
  return found;
}

function certificateWeaknesses(asset: CertificateAsset, policy: InventoryPolicy, nowMs: number): Weakness[] {
  const ending = endWeakness(asset.name, asset.notAfterMs, policy, nowMs);
  const key = { kind: 'key' as const, algorithm: asset.keyAlgorithm, sizeBits: asset.keyBits };
  const weak = weakKey(key, asset.name, policy);
  const { signatureAlgorithm } = asset;
  // A root is trusted for what it is; nobody checks its own signature.
  const isSelfSigned = asset.isAuthority && asset.subject === asset.issuer;
  const forged = signatureAlgorithm !== undefined && !isSelfSigned && isBroken(signatureAlgorithm);
  return [
    ...(ending === undefined ? [] : [ending]),
    ...(weak === undefined ? [] : [weak]),
    ...(forged
      ? [
          {
            reason: 'weak-signature' as const,
            stage: 1,
            level: 'high' as const,
            message: `"${asset.name}" is signed with ${asset.signatureName}, must be SHA-256 or better`,
          },
        ]
      : []),
  ];
}

function protocolWeaknesses(asset: ProtocolAsset): Weakness[] {
  if (asset.protocol !== 'tls') return [];
  const [major = 0, minor = 0] = asset.version.split('.').map(Number);
  if (major > 1 || minor >= 2) return [];
  const verb = asset.side === 'server' ? 'offers' : 'accepts';
  return [
    {
      reason: 'weak-protocol',
      stage: 1,
      level: 'high',
      message: `${asset.where} ${verb} TLS ${asset.version}, must be 1.2 or later`,
    },
  ];
}

/** The end draws near in as many stages as the policy names days; the last is that it is over. */
function endWeakness(name: string, endMs: number, policy: InventoryPolicy, nowMs: number): Weakness | undefined {
  const leftMs = endMs - nowMs;
  const passed = policy.certificate_days.filter((days) => leftMs <= days * dayMs).length;
  const end = new Date(endMs).toISOString().slice(0, 10);
  if (leftMs <= 0) return { reason: 'expired', stage: 1, level: 'high', message: `"${name}" expired on ${end}` };
  if (passed === 0) return undefined;
  const left = Math.ceil(leftMs / dayMs);
  return {
    reason: 'expiring',
    stage: passed,
    level: passed >= policy.certificate_days.length ? 'high' : passed > 1 ? 'medium' : 'low',
    message: `"${name}" expires on ${end}, in ${left} ${left === 1 ? 'day' : 'days'}`,
  };
}

function weakKey(
  asset: { readonly algorithm?: AlgorithmId | undefined; readonly sizeBits?: number | undefined },
  name: string,
  policy: InventoryPolicy,
): Weakness | undefined {
  const { algorithm, sizeBits } = asset;
  if (algorithm === undefined) return undefined;
  if (algorithm.startsWith('rsa')) {
    if (sizeBits === undefined || sizeBits >= policy.least_modulus_bits) return undefined;
    return {
      reason: 'weak-key',
      stage: 1,
      level: 'high',
      message: `The RSA key of "${name}" has ${sizeBits} bits, must have at least ${policy.least_modulus_bits}`,
    };
  }
  const { bits } = strengthOf({ ...emptyKey, algorithm });
  if (bits === undefined || bits >= policy.least_security_bits || isBroken(algorithm)) return undefined;
  return {
    reason: 'weak-key',
    stage: 1,
    level: 'high',
    message: `"${name}" is worth ${bits} bits, must be at least ${policy.least_security_bits}`,
  };
}

function isBroken(algorithm: AlgorithmId): boolean {
  return algorithmOf(algorithm).broken === true;
}

const emptyKey: KeyAsset = {
  kind: 'key',
  id: '',
  name: '',
  owner: '',
  usedFor: '',
  where: '',
  known: { kind: 'declared', by: '' },
  role: 'signing',
  material: 'public-key',
  state: 'active',
};
