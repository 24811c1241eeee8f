import { createHash } from 'node:crypto';
import { messageOf } from '@sallyport/platform/errors';
import { fingerprintOf, findPath, nameOf, readCertificate } from './certificate-path.ts';
import type { ReadCertificate } from './certificate-path.ts';
import { signatureFault } from './check-signature.ts';
import { contentTypes, digestNames, keyPurposes } from './object-identifiers.ts';
import { parseToken } from './parse-token.ts';
import type { ParsedToken } from './parse-token.ts';

/** What a token says, once it holds. */
export type TimeStamp = {
  /** When the authority had seen the bytes, by its own clock. */
  readonly atMs: number;
  readonly accuracyMs: number | undefined;
  readonly serialNumber: string;
  readonly policy: string;
  readonly signer: { readonly name: string; readonly sha256: string; readonly validUntilMs: number };
  /** Whom among those given its certificate leads to; undefined when none were given, and then anybody may have made it. */
  readonly authority: { readonly name: string; readonly sha256: string } | undefined;
};

export type TimeStampVerification =
  | { readonly ok: true; readonly stamp: TimeStamp }
  | { readonly ok: false; readonly reason: string };

/**
 * Whether the token (RFC 3161, a CMS `ContentInfo` in DER) is about these very bytes by their SHA-256, answers this request,
 * and is signed by a certificate that is for nothing but time-stamping and leads to one of the authorities. The token is an
 * attacker's. Revocation is not looked up: a token of an authority whose key was stolen verifies. Never throws.
 */
export function verifyTimeStampToken(
  token: Uint8Array,
  expected: {
    readonly data: Uint8Array;
    /** Of the request it must answer. */
    readonly nonce?: Uint8Array;
    readonly authorities?: readonly ReadCertificate[];
  },
): TimeStampVerification {
  try {
    const parsed = parseToken(token);
    const { certificates, signer } = signerOf(parsed);
    const fault =
      imprintFault(parsed, expected.data) ??
      (expected.nonce === undefined || parsed.nonce?.equals(expected.nonce) === true
        ? undefined
        : 'it answers another request') ??
      statementFault(parsed) ??
      signerFault(signer) ??
      signatureFault(parsed, signer.x509.publicKey);
    if (fault !== undefined) return refuse(fault);
    const path =
      expected.authorities === undefined
        ? undefined
        : findPath({ signer, others: certificates, authorities: expected.authorities, atMs: parsed.atMs });
    if (path?.ok === false) return refuse(path.reason);
    return {
      ok: true,
      stamp: {
        atMs: parsed.atMs,
        accuracyMs: parsed.accuracyMs,
        serialNumber: parsed.serialNumber.toString('hex'),
        policy: parsed.policy,
        signer: {
          name: nameOf(signer.x509.subject),
          sha256: fingerprintOf(signer),
          validUntilMs: Date.parse(signer.x509.validTo),
        },
        authority:
          path === undefined ? undefined : { name: nameOf(path.root.x509.subject), sha256: fingerprintOf(path.root) },
      },
    };
  } catch (error) {
    return refuse(messageOf(error));
  }
}

function imprintFault({ imprint }: ParsedToken, data: Uint8Array): string | undefined {
  if (digestNames.get(imprint.algorithm) !== 'sha256')
    return `it is about a hash of algorithm ${imprint.algorithm}, must be SHA-256`;
  return createHash('sha256').update(data).digest().equals(imprint.hash) ? undefined : 'it is about something else';
}

/** The signature is over attributes; these must be about the statement. */
function statementFault({ signature, statement }: ParsedToken): string | undefined {
  if (signature.contentType !== contentTypes.timeStampInfo) return 'its signature is over another kind of content';
  const digest = createHash(signature.digest).update(statement).digest();
  return digest.equals(signature.messageDigest) ? undefined : 'its signature is over another statement';
}

/** By the hash of the certificate that the signature commits to: a name may be anybody's. */
function signerOf({ certificates: ders, signature }: ParsedToken): {
  readonly certificates: readonly ReadCertificate[];
  readonly signer: ReadCertificate;
} {
  const certificates = ders.map(readCertificate);
  const { algorithm, hash } = signature.certificateHash;
  const signer = certificates.find(({ der }) => createHash(algorithm).update(der).digest().equals(hash));
  if (signer === undefined) throw new Error('it does not hold the certificate that its signature names');
  const named = signature.signer;
  if (named !== undefined && !(named.issuer.equals(signer.issuer) && named.serialNumber.equals(signer.serialNumber)))
    throw new Error('it names two signers');
  return { certificates, signer };
}

/** RFC 3161 section 2.3: for time-stamping, for that alone, and critical. */
function signerFault(signer: ReadCertificate): string | undefined {
  const { purposes = [] } = signer;
  const [purpose, ...others] = purposes;
  if (purpose !== keyPurposes.timeStamping || others.length > 0)
    return 'the certificate of its signer is not for time-stamping alone';
  if (!signer.isPurposeCritical) return 'the certificate of its signer does not insist on being for time-stamping';
  if (!signer.maySign || signer.isAuthority) return 'the certificate of its signer may not sign time-stamps';
  return signer.unknownCritical.length > 0
    ? `the certificate of its signer has a critical extension that is not understood here (${signer.unknownCritical.join(', ')})`
    : undefined;
}

function refuse(reason: string): TimeStampVerification {
  return { ok: false, reason };
}
