import { algorithmOf } from './algorithms.ts';
import type { AlgorithmId } from './algorithms.ts';
import type { Asset } from './asset.ts';

/** `bits` against today's computers; `category` against quantum ones, 0 when those break it. Undefined: nobody here can say. */
export type Strength = { readonly bits?: number; readonly category?: number };

/** NIST SP 800-57 part 1, table 2: bits of an RSA modulus or finite field, and what they are worth. */
const moduli = [
  [15_360, 256],
  [7680, 192],
  [3072, 128],
  [2048, 112],
  [1024, 80],
] as const;

/** What a modulus of so many bits is worth, by the table; under 1024 bits nothing. */
export function bitsOfModulus(modulusBits: number): number {
  return moduli.find(([least]) => modulusBits >= least)?.[1] ?? 0;
}

export function strengthOf(asset: Asset): Strength {
  switch (asset.kind) {
    case 'key':
      return asset.algorithm === undefined ? {} : keyStrength(asset.algorithm, asset.sizeBits);
    case 'certificate':
      return weakest([
        ...(asset.keyAlgorithm === undefined ? [] : [keyStrength(asset.keyAlgorithm, asset.keyBits)]),
        // Who signs it with a modulus we do not see is judged by the hash alone.
        ...(asset.signatureAlgorithm === undefined ? [] : [keyStrength(asset.signatureAlgorithm, undefined)]),
      ]);
    case 'algorithm':
      return keyStrength(asset.algorithm, undefined);
    case 'store':
      return asset.algorithm === undefined ? {} : keyStrength(asset.algorithm, undefined);
    case 'protocol':
      return weakest(asset.algorithms.map((algorithm) => keyStrength(algorithm, undefined)));
    case 'library':
      return {};
  }
}

function keyStrength(id: AlgorithmId, sizeBits: number | undefined): Strength {
  const { classicalBits, quantumCategory } = algorithmOf(id);
  const isModulus = id.startsWith('rsa') && sizeBits !== undefined;
  const bits = isModulus ? Math.min(bitsOfModulus(sizeBits), classicalBits ?? Number.POSITIVE_INFINITY) : classicalBits;
  return { ...(bits === undefined ? {} : { bits }), category: quantumCategory };
}

/** A chain is as strong as its weakest link. */
function weakest(all: readonly Strength[]): Strength {
  const bits = all.flatMap((one) => one.bits ?? []);
  const categories = all.flatMap((one) => one.category ?? []);
  return {
    ...(bits.length === 0 ? {} : { bits: Math.min(...bits) }),
    ...(categories.length === 0 ? {} : { category: Math.min(...categories) }),
  };
}
