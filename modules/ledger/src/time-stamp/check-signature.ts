// The signature of a token, by the algorithms in use that are still good: RSA (PKCS #1 and PSS) from 2048 bits, ECDSA from 256.
import { constants, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { RSASSAPSSParams } from 'pkijs';
import { digestNames } from './object-identifiers.ts';
import type { ParsedToken } from './parse-token.ts';

const rsaWithDigest: ReadonlyMap<string, string | undefined> = new Map([
  ['1.2.840.113549.1.1.1', undefined],
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
]);
const ecdsaWithDigest: ReadonlyMap<string, string> = new Map([
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
]);
const rsaPss = '1.2.840.113549.1.1.10';

/** Why the signature over the attributes does not hold under the key; undefined when it does. */
export function signatureFault({ signature }: Pick<ParsedToken, 'signature'>, key: KeyObject): string | undefined {
  const { algorithm, digest, attributes, bytes } = signature;
  const identifier = algorithm.algorithmId;
  const weak = weakness(key);
  if (weak !== undefined) return weak;
  const isRight = (): boolean | undefined => {
    switch (key.asymmetricKeyType) {
      case 'rsa':
      case 'rsa-pss': {
        if (identifier === rsaPss) {
          const pss = pssOf(algorithm.algorithmParams);
          return pss !== undefined && verify(pss.digest, attributes, { key, ...pss.options }, bytes);
        }
        if (!rsaWithDigest.has(identifier)) return undefined;
        return verify(rsaWithDigest.get(identifier) ?? digest, attributes, key, bytes);
      }
      case 'ec': {
        const named = ecdsaWithDigest.get(identifier);
        return named === undefined ? undefined : verify(named, attributes, key, bytes);
      }
      default:
        return undefined;
    }
  };
  const right = isRight();
  if (right === undefined) return `it is signed with algorithm ${identifier}, which is not known here for such a key`;
  return right ? undefined : 'its signature is wrong';
}

function weakness({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | undefined {
  const bits = asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < 2048) return `its key has ${bits} bits, must have at least 2048`;
  const curve = asymmetricKeyDetails?.namedCurve;
  const isKnown =
    curve === 'prime256v1' ||
    curve === 'secp384r1' ||
    curve === 'secp521r1' ||
    /^brainpoolP(256|384|512)/.test(curve ?? '');
  return asymmetricKeyType === 'ec' && !isKnown
    ? `its key is on curve ${curve ?? ''}, which is not used here`
    : undefined;
}

/** RFC 4055: one hash for both uses, no defaults (they are SHA-1). */
function pssOf(schema: unknown) {
  const { hashAlgorithm, maskGenAlgorithm, saltLength } = new RSASSAPSSParams({ schema });
  const digest = digestNames.get(hashAlgorithm.algorithmId);
  if (digest === undefined || maskGenAlgorithm.algorithmId !== '1.2.840.113549.1.1.8') return undefined;
  if (!(saltLength >= 20 && saltLength <= 512)) return undefined;
  return { digest, options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength } };
}
