import { keyUsages, type Certificate } from './certificate.ts';
import { DerFault } from './der.ts';
import { arePermitted } from './name-constraints.ts';

/** Why a certificate is not taken. In the ledger, and told to whoever holds its key: it says nothing of who has an account. */
export type CertificateRefusal =
  | 'unreadable'
  | 'weak'
  | 'not-yet-valid'
  | 'expired'
  | 'authority-unknown'
  | 'authority-expired'
  | 'authority-not-allowed'
  | 'path-too-long'
  | 'is-an-authority'
  | 'wrong-usage'
  | 'wrong-purpose'
  | 'wrong-policy'
  | 'name-not-permitted'
  | 'unknown-demand'
  | 'revoked'
  | 'revocations-missing'
  | 'revocations-stale';

/** What is asked of a certificate of a person, by the authority it comes from. */
export type PathDemands = {
  /** One of these must stand there, by itself: any purpose is no purpose. */
  readonly purposes: readonly string[];
  /** One of these must hold along the path; none is asked for when empty. */
  readonly policies: readonly string[];
};

/** Certificates below the one trusted for its own sake, and that one last. */
export type Path = readonly Certificate[];

const anyPolicy = '2.5.29.32.0';
const anyPurpose = '2.5.29.37.0';
const maxPath = 6;
/** Signatures looked at for one certificate: authorities that sign each other in circles cost no more. */
const maxTries = 64;

/**
 * A way from a certificate to one that is trusted for its own sake, over registered ones alone: what whoever signs in sends along
 * counts for nothing, and neither does what the machine trusts. RFC 5280 section 6 without what nobody asks for here: policies are
 * never mapped, which only refuses more. Never throws for what a certificate says.
 */
export function findPath(
  leaf: Certificate,
  registered: readonly Certificate[],
  demands: PathDemands,
  nowMs: number,
): { readonly path: Path } | { readonly refusal: CertificateRefusal } {
  const own = refusalOfLeaf(leaf, demands, nowMs);
  if (own !== undefined) return { refusal: own };
  const anchors = new Set(anchorsOf(registered));
  let refusal: CertificateRefusal = 'authority-unknown';
  let tries = 0;
  const follow = (path: Path): Path | undefined => {
    const last = path.at(-1) ?? leaf;
    for (const issuer of registered) {
      if (path.includes(issuer) || !Buffer.from(last.issuer).equals(issuer.subject)) continue;
      tries += 1;
      if (tries > maxTries) return undefined;
      if (!isIssuedBy(last, issuer)) continue;
      const longer = [...path, issuer];
      if (anchors.has(issuer)) {
        const wrong = refusalOfPath(longer, demands, nowMs);
        if (wrong === undefined) return longer;
        refusal = wrong;
      } else if (longer.length < maxPath) {
        const found = follow(longer);
        if (found !== undefined) return found;
      } else refusal = 'path-too-long';
    }
    return undefined;
  };
  const path = follow([leaf]);
  return path === undefined ? { refusal } : { path };
}

/** Those that no other of them issued: trusted because an administrator registered them. */
export function anchorsOf(registered: readonly Certificate[]): Certificate[] {
  return registered.filter(
    (one) => !registered.some((other) => other.thumbprint !== one.thumbprint && isIssuedBy(one, other)),
  );
}

function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  if (!Buffer.from(certificate.issuer).equals(issuer.subject)) return false;
  try {
    return certificate.isStrong && issuer.isStrong && certificate.x509.verify(issuer.x509.publicKey);
  } catch {
    return false;
  }
}

function refusalOfLeaf(leaf: Certificate, { purposes }: PathDemands, nowMs: number): CertificateRefusal | undefined {
  if (!leaf.isStrong) return 'weak';
  if (leaf.hasUnknownDemand) return 'unknown-demand';
  if (leaf.isAuthority || leaf.keyUsage?.has(keyUsages.keyCertSign) === true) return 'is-an-authority';
  if (nowMs < leaf.validFromMs) return 'not-yet-valid';
  if (nowMs > leaf.validToMs) return 'expired';
  if (leaf.keyUsage !== undefined && !leaf.keyUsage.has(keyUsages.digitalSignature)) return 'wrong-usage';
  return purposes.some((one) => leaf.purposes?.includes(one)) ? undefined : 'wrong-purpose';
}

function refusalOfPath(path: Path, demands: PathDemands, nowMs: number): CertificateRefusal | undefined {
  const [leaf, ...authorities] = path;
  if (leaf === undefined) return 'unreadable';
  for (const [at, authority] of authorities.entries()) {
    if (nowMs < authority.validFromMs || nowMs > authority.validToMs) return 'authority-expired';
    if (!mayIssue(authority) || authority.hasUnknownDemand || !authority.isStrong) return 'authority-not-allowed';
    // Those that issued themselves are the same authority under another key, and take no room (section 6.1.4).
    const below = authorities.slice(0, at).filter((one) => !Buffer.from(one.issuer).equals(one.subject)).length;
    if (authority.pathLength !== undefined && below > authority.pathLength) return 'path-too-long';
    const isLimited = authority.purposes !== undefined && !authority.purposes.includes(anyPurpose);
    if (isLimited && !demands.purposes.some((one) => authority.purposes?.includes(one) && leaf.purposes?.includes(one)))
      return 'wrong-purpose';
    if (!isWithin(path.slice(0, at + 1), authority)) return 'name-not-permitted';
  }
  return holdsPolicy(path, demands.policies) ? undefined : 'wrong-policy';
}

/** An old root may say nothing of what its key is for; whoever says something must say this. */
export function mayIssue({ isAuthority, keyUsage }: Certificate): boolean {
  return isAuthority && keyUsage?.has(keyUsages.keyCertSign) !== false;
}

function isWithin(below: readonly Certificate[], { nameConstraints }: Certificate): boolean {
  if (nameConstraints === undefined) return true;
  try {
    return below.every((one) => arePermitted(one, nameConstraints));
  } catch (error) {
    if (error instanceof DerFault) return false;
    throw error;
  }
}

/** A policy of the leaf that everybody below the one trusted for its own sake has, or stands for with any. */
function holdsPolicy(path: Path, wanted: readonly string[]): boolean {
  const [leaf, ...authorities] = path;
  const between = authorities.slice(0, -1);
  const isAnyForbidden = path.some(({ forbidsAnyPolicy }) => forbidsAnyPolicy);
  const held = (leaf?.policies ?? []).filter(
    (policy) =>
      policy !== anyPolicy &&
      between.every(({ policies }) => policies.includes(policy) || (!isAnyForbidden && policies.includes(anyPolicy))),
  );
  if (wanted.length > 0) return wanted.some((policy) => held.includes(policy));
  return held.length > 0 || !path.some(({ needsPolicy }) => needsPolicy);
}
