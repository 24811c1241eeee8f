import { ocsfClass, type JsonObject } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import { CertificateError } from './errors.ts';
import { issueAuthority, issueServer, permittedBy, type Validity } from './issue-certificate.ts';
import type { CertificateAuthorityNeeds } from './needs.ts';
import { openCertificate, sealCertificate, unreadable, type KeyPairCertificate } from './sealed-certificate.ts';
import { isPermitted, parseServerName, permittedFor, type PermittedNames, type ServerName } from './server-name.ts';

const dayMs = 24 * 60 * 60 * 1000;
const authorityLifetimeMs = 3650 * dayMs;
const serverLifetimeMs = 90 * dayMs;
/** Certificates start a little in the past, for clients whose clock is behind. */
const clockToleranceMs = 60 * 60 * 1000;
const createActivity = 1;
const authoritySecret = 'certificate-authority/authority';

/** Each listener has a certificate of its own: they may go by different names. */
export type CertificateUse = 'server' | 'https';

/** What `node:https` takes. TLS 1.3 only. */
export type TlsOptions = { readonly key: string; readonly cert: string; readonly minVersion: 'TLSv1.3' };

export type ServerCertificate = {
  readonly certificatePem: string;
  readonly notAfterMs: number;
  /** From then on `serverCertificate` issues a new one: a third of the lifetime remains. */
  readonly renewAtMs: number;
  /** Holds the private key: hand it to the TLS server and nowhere else. */
  tlsOptions(): TlsOptions;
};

export type CertificateAuthority = {
  /** Public: what clients are told to trust. */
  readonly certificatePem: string;
  /** SHA-256 of the certificate, `AB:CD:…`, for people to compare. */
  readonly fingerprint: string;
  readonly notAfterMs: number;
  /** What it may vouch for, as its certificate says. */
  readonly permitted: PermittedNames;
  /**
   * The certificate of one listener for exactly these names: the present one, or a new one when it is to be renewed or has
   * other names. Throws `CertificateError`.
   */
  serverCertificate(names: readonly string[], use?: CertificateUse): Promise<ServerCertificate>;
};

/** The authority there is, or undefined. Throws `authority_unreadable`. */
export async function openCertificateAuthority(
  needs: CertificateAuthorityNeeds,
): Promise<CertificateAuthority | undefined> {
  const exists = (await openCertificate(needs.secrets, authoritySecret)) !== undefined;
  return exists ? createCertificateAuthority(needs, { names: [] }) : undefined;
}

/**
 * Opens the authority, or makes one that may vouch for `localhost`, private addresses and `names`, for ten years.
 * With `replace` a new one takes its place, and everybody has to trust that instead. An issuance is in the ledger before its
 * certificate is used. Throws `authority_unreadable` rather than making a second one.
 */
export async function createCertificateAuthority(
  needs: CertificateAuthorityNeeds,
  options: { readonly names: readonly string[]; readonly replace?: boolean },
): Promise<CertificateAuthority> {
  const { secrets, clock } = needs;

  const validityFor = (lifetimeMs: number, notAfterAtMostMs = Number.POSITIVE_INFINITY): Validity => {
    const serial = Buffer.from(needs.random(16));
    // Positive and of full length (RFC 5280 section 4.1.2.2).
    serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
    const nowMs = Math.floor(clock.nowMs() / 1000) * 1000;
    return {
      serialNumber: serial.toString('hex'),
      notBefore: new Date(nowMs - clockToleranceMs),
      notAfter: new Date(Math.min(nowMs + lifetimeMs, notAfterAtMostMs)),
    };
  };

  const record = async (action: string, pair: KeyPairCertificate, details: JsonObject): Promise<void> => {
    const { certificate } = pair;
    const event = auditEvent({
      nowMs: clock.nowMs(),
      actor: { kind: 'system', id: 'certificate-authority', name: 'certificate authority' },
      action,
      classUid: ocsfClass.entityManagement,
      activityId: createActivity,
      outcome: 'success',
      target: { type: 'certificate', id: certificate.serialNumber, name: certificate.subject },
      details: {
        fingerprint_sha256: certificate.fingerprint256,
        not_after: certificate.validToDate.getTime(),
        ...details,
      },
    });
    await needs.database.transaction().execute((transaction) => needs.outbox.record(transaction, event));
    await needs.outbox.flushed();
  };

  const createAuthority = async (): Promise<KeyPairCertificate> => {
    const permitted = permittedFor(options.names.map(parseServerName));
    const name = `Sallyport authority ${Buffer.from(needs.random(4)).toString('hex')}`;
    const created = await issueAuthority(name, permitted, validityFor(authorityLifetimeMs));
    await record('authority.create', created, {
      permitted_names: permitted.dns,
      permitted_addresses: permitted.ranges,
    });
    await sealCertificate(secrets, authoritySecret, created);
    return created;
  };

  const present = options.replace === true ? undefined : await openCertificate(secrets, authoritySecret);
  const authority = present ?? (await createAuthority());
  // As they stand in the certificate, whatever is asked for today.
  const permitted = permittedBy(authority.certificate);
  if (permitted === undefined) throw unreadable(authoritySecret);
  const authorityEndMs = authority.certificate.validToDate.getTime();

  const issue = async (names: readonly ServerName[], use: CertificateUse): Promise<KeyPairCertificate> => {
    if (clock.nowMs() >= authorityEndMs) {
      throw new CertificateError(
        'authority_expired',
        `Cannot issue a certificate: the authority expired on ${authority.certificate.validTo}`,
      );
    }
    const issued = await issueServer(authority, names, validityFor(serverLifetimeMs, authorityEndMs));
    await record('certificate.issue', issued, { names: names.map((name) => name.value) });
    await sealCertificate(secrets, `certificate-authority/${use}`, issued);
    return issued;
  };

  return {
    certificatePem: authority.certificate.toString(),
    fingerprint: authority.certificate.fingerprint256,
    notAfterMs: authorityEndMs,
    permitted,
    async serverCertificate(texts, use = 'server') {
      const names = texts.map(parseServerName);
      // What the constraints in the authority's certificate forbid, clients would refuse; say so here instead.
      const refused = names.find((name) => !isPermitted(permitted, name));
      if (refused !== undefined || names.length === 0) {
        throw new CertificateError(
          'server_name_not_permitted',
          `Cannot certify "${refused?.value ?? ''}": must be one of ${[...permitted.dns, ...permitted.ranges].join(', ')}`,
          { hint: 'another name needs a new authority, which everybody has to trust anew' },
        );
      }
      const present = await openCertificate(secrets, `certificate-authority/${use}`);
      if (present !== undefined && isUsable(present, authority, names, clock.nowMs()))
        return toServerCertificate(present);
      return toServerCertificate(await issue(names, use));
    },
  };
}

function isUsable(
  { certificate }: KeyPairCertificate,
  authority: KeyPairCertificate,
  names: readonly ServerName[],
  nowMs: number,
): boolean {
  if (!certificate.checkIssued(authority.certificate) || !certificate.verify(authority.certificate.publicKey))
    return false;
  if (
    certificate.validFromDate.getTime() > nowMs ||
    renewAtMs(certificate.validFromDate, certificate.validToDate) <= nowMs
  )
    return false;
  const has = (certificate.subjectAltName ?? '').split(', ').length;
  return (
    has === names.length &&
    names.every(
      ({ kind, value }) => (kind === 'dns' ? certificate.checkHost(value) : certificate.checkIP(value)) !== undefined,
    )
  );
}

function renewAtMs(from: Date, to: Date): number {
  return to.getTime() - (to.getTime() - from.getTime()) / 3;
}

function toServerCertificate({ certificate, privateKey }: KeyPairCertificate): ServerCertificate {
  const certificatePem = certificate.toString();
  return {
    certificatePem,
    notAfterMs: certificate.validToDate.getTime(),
    renewAtMs: renewAtMs(certificate.validFromDate, certificate.validToDate),
    tlsOptions: () => ({
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      cert: certificatePem,
      minVersion: 'TLSv1.3',
    }),
  };
}
