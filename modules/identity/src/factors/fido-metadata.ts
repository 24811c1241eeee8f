import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { compactVerify, decodeProtectedHeader } from 'jose';
import { messageOf } from '@sallyport/platform/errors';
import { Type, type Static } from 'typebox';
import { Check } from 'typebox/value';
import { IdentityError } from '../errors.ts';
import { readCertificates, rootOf } from './certificate-chain.ts';

/** From the least to the most (FIDO Metadata Service 3.0, section 3.1.4). */
export const certifications = ['none', 'L1', 'L1plus', 'L2', 'L2plus', 'L3', 'L3plus'] as const;
export type Certification = (typeof certifications)[number];

/** What is used of an entry, and no more. */
export type AuthenticatorModel = {
  readonly aaguid: string;
  readonly name: string;
  readonly certification: Certification;
  /** Why no authenticator of this model is trusted any more. */
  readonly compromised?: string;
  /** Certificates that its attestations lead to; DER, base64. */
  readonly roots: readonly string[];
};

export type FidoMetadata = {
  /** Serial number: each file has a greater one than the file before. */
  readonly no: number;
  readonly nextUpdate: string;
  /** SHA-256 of the root certificate it was signed under, hexadecimal with colons. */
  readonly root: string;
  readonly models: readonly AuthenticatorModel[];
};

export const maxBlobCharacters = 24 * 1024 * 1024;
const maxModels = 10_000;
const signerName = 'mds.fidoalliance.org';
/**
 * GlobalSign Root CA - R3 and Root R46, under which the FIDO Alliance signs. Compared on 2026-11-23: the list of Mozilla as it comes with
 * Node.js 24, and the defaults of @simplewebauthn/server 14.0.3, which has them from valid.r3.roots.globalsign.com.
 */
const pinned: ReadonlySet<string> = new Set([
  'CB:B5:22:D7:B7:F1:27:AD:6A:01:13:86:5B:DF:1C:D4:10:2E:7D:07:59:AF:63:5A:7C:F4:72:0D:C9:63:C5:3B',
  '4F:A3:12:6D:8D:3A:11:D1:C4:85:5A:4F:80:7C:BA:D6:CF:91:9D:3A:5A:88:B0:3B:EA:2C:63:72:D9:3C:40:C9',
]);

const Base64 = Type.String({ maxLength: 16_384 });
const Header = Type.Object({ x5c: Type.Array(Base64, { minItems: 1, maxItems: 8 }) });
const Entry = Type.Object({
  aaguid: Type.Optional(Type.String({ pattern: '^[0-9a-fA-F-]{36}$' })),
  metadataStatement: Type.Optional(
    Type.Object({
      description: Type.String({ maxLength: 2000 }),
      attestationRootCertificates: Type.Array(Base64, { maxItems: 200 }),
    }),
  ),
  statusReports: Type.Array(Type.Object({ status: Type.String({ maxLength: 100 }) }), { maxItems: 500 }),
});
const Payload = Type.Object({
  no: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  nextUpdate: Type.String({ pattern: String.raw`^\d{4}-\d{2}-\d{2}$` }),
  entries: Type.Array(Entry, { minItems: 1, maxItems: maxModels }),
});

const compromised: ReadonlySet<string> = new Set([
  'REVOKED',
  'USER_VERIFICATION_BYPASS',
  'ATTESTATION_KEY_COMPROMISE',
  'USER_KEY_REMOTE_COMPROMISE',
  'USER_KEY_PHYSICAL_COMPROMISE',
]);

/**
 * Reads a file of the FIDO Metadata Service (3.0, section 3.1.7), a JWS, once its signature is known to be right: by a chain to `root`
 * (PEM), or else to one of those pinned here and for the name of the FIDO Alliance, since anybody may have another certificate under
 * those. Asks nothing of the network. Throws `fido_metadata_invalid`.
 */
export async function readFidoMetadata(
  blob: string,
  options: { readonly root?: string; readonly nowMs: number },
): Promise<FidoMetadata> {
  const jws = blob.trim();
  if (jws.length > maxBlobCharacters) throw invalid(`must be at most ${maxBlobCharacters} characters`);
  if (!/^[\w-]{1,65536}\.[\w-]+\.[\w-]{1,2048}$/.test(jws)) throw invalid('must be a JWS in compact form');
  const header = attempt('its header cannot be read', () => decodeProtectedHeader(jws));
  if (!Check(Header, header)) throw invalid('must carry the certificates of its signer (x5c)');
  const chain = readCertificates(header.x5c.map((der) => Buffer.from(der, 'base64')));
  const leaf = chain?.[0];
  if (chain === undefined || leaf === undefined) throw invalid('the certificates of its signer cannot be read');
  const given = options.root === undefined ? undefined : readRoot(options.root);
  const roots = given === undefined ? publicRoots() : [given];
  const root = rootOf(chain, roots, options.nowMs);
  if (root === undefined)
    throw invalid(
      given === undefined
        ? 'its signer must be certified under a root certificate that the FIDO Alliance uses'
        : 'its signer must be certified under the root certificate that was given',
    );
  // Of a root everybody can buy from, only one name is theirs, also when somebody hands over that root.
  if (isPublic(root) && leaf.checkHost(signerName) === undefined) throw invalid(`must be signed by ${signerName}`);
  const { payload } = await compactVerify(jws, leaf.publicKey, {
    algorithms: ['RS256', 'PS256', 'ES256', 'ES384', 'RS384', 'RS512'],
  }).catch((error: unknown) => {
    throw invalid(`its signature is wrong (${messageOf(error).slice(0, 100)})`, error);
  });
  const content = attempt('its content is no JSON', (): unknown => JSON.parse(new TextDecoder().decode(payload)));
  if (!Check(Payload, content)) throw invalid('its content must be a list of authenticators');
  const models = new Map<string, AuthenticatorModel>();
  for (const entry of content.entries) {
    const model = modelOf(entry);
    if (model !== undefined) models.set(model.aaguid, model);
  }
  return {
    no: content.no,
    nextUpdate: content.nextUpdate,
    root: root.fingerprint256,
    models: [...models.values()],
  };
}

function modelOf({ aaguid, metadataStatement, statusReports }: Static<typeof Entry>): AuthenticatorModel | undefined {
  if (aaguid === undefined) return undefined;
  const statuses = statusReports.map(({ status }) => status);
  // A later report may say that an update helps; which version somebody has, nobody tells us: it stays refused.
  const bad = statuses.find((status) => compromised.has(status));
  const levels = statuses.map((status) => {
    const level = status === 'FIDO_CERTIFIED' ? 'L1' : status.replace(/^FIDO_CERTIFIED_/, '');
    return certifications.findIndex((one) => one === level);
  });
  return {
    aaguid: aaguid.toLowerCase(),
    // Shown to people: what could turn the text around or break the line is left out.
    name: (metadataStatement?.description ?? 'Unnamed').replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '').slice(0, 120),
    certification: certifications[Math.max(0, ...levels)] ?? 'none',
    ...(bad === undefined ? {} : { compromised: bad }),
    roots: (metadataStatement?.attestationRootCertificates ?? []).map((der) => der.replaceAll(/\s/g, '')),
  };
}

function publicRoots(): readonly X509Certificate[] {
  return rootCertificates.map((pem) => new X509Certificate(pem)).filter((one) => pinned.has(one.fingerprint256));
}

function isPublic(root: X509Certificate): boolean {
  return rootCertificates.some((pem) => new X509Certificate(pem).fingerprint256 === root.fingerprint256);
}

function readRoot(pem: string): X509Certificate {
  return attempt('the root certificate must be PEM', () => new X509Certificate(pem));
}

function attempt<Answer>(why: string, reading: () => Answer): Answer {
  try {
    return reading();
  } catch (error) {
    throw invalid(why, error);
  }
}

function invalid(why: string, cause?: unknown): IdentityError {
  return new IdentityError('fido_metadata_invalid', `Cannot import FIDO metadata: ${why}`, { cause });
}
