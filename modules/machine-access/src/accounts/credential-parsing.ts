import { X509Certificate } from 'node:crypto';
import { calculateJwkThumbprint, importJWK } from 'jose';
import type { JWK } from 'jose';
import { MachineAccessError } from '../errors.ts';
import { isPublicKey } from '../tokens/dpop-proof.ts';
import { certificateThumbprint } from '../tokens/binding.ts';
import type { CredentialFacts } from './account.ts';

export type CredentialRequest =
  | { readonly kind: 'public-key'; readonly jwk: unknown }
  | { readonly kind: 'certificate'; readonly pem: string }
  | {
      readonly kind: 'certificate-name';
      readonly authorityPem: string;
      readonly name: { readonly type: 'subject' | 'san_dns' | 'san_uri'; readonly value: string };
    };

/** Algorithms of a key that stands here without saying which; one algorithm a key, so that none is passed off as another. */
const algorithmByCurve: Readonly<Record<string, string>> = {
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
  Ed25519: 'EdDSA',
};
const rsaAlgorithms = ['PS256', 'PS384', 'PS512', 'RS256'];
const keptMembers = ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid'] as const;
const minRsaBits = 2048;

/** What of a credential is kept. Throws `service_credential_invalid`. */
export async function parseCredential(request: CredentialRequest, nowMs: number): Promise<CredentialFacts> {
  switch (request.kind) {
    case 'public-key':
      return parsePublicKey(request.jwk);
    case 'certificate': {
      const certificate = readCertificate(request.pem);
      const notAfterMs = Date.parse(certificate.validTo);
      if (!(notAfterMs > nowMs)) throw invalid('the certificate has expired');
      return {
        kind: 'certificate',
        thumbprint: certificateThumbprint(certificate.raw),
        subject: subjectOf(certificate),
        notAfterMs,
      };
    }
    case 'certificate-name': {
      const authority = readCertificate(request.authorityPem);
      if (!authority.ca) throw invalid('the issuer must be the certificate of an authority (CA)');
      if (!(Date.parse(authority.validTo) > nowMs)) throw invalid('the certificate of the issuer has expired');
      const value = request.name.value.trim();
      if (value === '') throw invalid('the name is empty');
      return {
        kind: 'certificate-name',
        authorityPem: authority.toString(),
        authoritySubject: subjectOf(authority),
        name: { type: request.name.type, value },
      };
    }
  }
}

async function parsePublicKey(value: unknown): Promise<CredentialFacts> {
  if (!isPublicKey(value))
    throw invalid('it must be one public key as JWK (RFC 7517), of type EC, OKP or RSA and without its private half');
  const jwk = Object.fromEntries(
    keptMembers.flatMap((name) => (value[name] === undefined ? [] : [[name, value[name]]])),
  );
  const algorithm = algorithmOf(value);
  try {
    const key = await importJWK(jwk, algorithm);
    if (key instanceof Uint8Array || key.type !== 'public') throw new TypeError('not public');
  } catch {
    throw invalid(`it is no key for ${algorithm}`);
  }
  return { kind: 'public-key', jwk, algorithm, thumbprint: await calculateJwkThumbprint(jwk) };
}

function algorithmOf(jwk: JWK): string {
  if (jwk.kty === 'RSA') {
    const bits = Buffer.from(jwk.n ?? '', 'base64url').length * 8;
    if (bits < minRsaBits) throw invalid(`an RSA key must have ${minRsaBits} bits or more`);
    const algorithm = jwk.alg ?? 'PS256';
    if (rsaAlgorithms.includes(algorithm)) return algorithm;
    throw invalid(`"alg" must be one of ${rsaAlgorithms.join(', ')}`);
  }
  const algorithm = algorithmByCurve[jwk.crv ?? ''];
  if (algorithm === undefined) throw invalid(`"crv" must be one of ${Object.keys(algorithmByCurve).join(', ')}`);
  const isOther = jwk.alg !== undefined && jwk.alg !== algorithm && !(algorithm === 'EdDSA' && jwk.alg === 'Ed25519');
  if (isOther) throw invalid(`"alg" must be ${algorithm} for this curve`);
  return algorithm;
}

function readCertificate(pem: string): X509Certificate {
  if (pem.includes('PRIVATE KEY'))
    throw invalid('it holds a private key, which nobody here should see: make a new one');
  try {
    return new X509Certificate(pem);
  } catch {
    throw invalid('it must be a certificate in PEM form');
  }
}

/** As RFC 4514 writes it: most specific part first, separated by commas. */
export function subjectOf(certificate: X509Certificate): string {
  return certificate.subject.split('\n').toReversed().join(',');
}

function invalid(why: string): MachineAccessError {
  return new MachineAccessError('service_credential_invalid', `Cannot use this credential: ${why}`);
}
