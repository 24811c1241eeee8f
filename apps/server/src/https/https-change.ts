import {
  CertificateError,
  checkCertificate,
  createCertificateAuthority,
  isFor,
  openCertificateAuthority,
  openChain,
  openHttpChallenge,
  sealChain,
  tlsMaterial,
  type CertificateAuthority,
  type CertificateAuthorityNeeds,
  type CertificateChain,
  type TlsMaterial,
  readCertificates,
} from '@sallyport/certificate-authority';
import { secretNames } from '../secret-names.ts';
import { openAcmeAccount, type ExternalAccount } from './acme-account.ts';
import { HttpsError } from './https-errors.ts';
import { parseAcmeChoice, parseHost, parseNames, type AcmeChoice, type HttpsSettings } from './https-settings.ts';

/** What somebody asks for; texts as they typed them. */
export type HttpsRequest = {
  readonly names: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly publicPort: number | undefined;
  readonly certificate:
    | { readonly kind: 'authority'; readonly replace: boolean }
    /** Without PEM: the one given before. */
    | { readonly kind: 'own'; readonly pem: { chain: string; key: string; passphrase: string | undefined } | undefined }
    | (Omit<AcmeChoice, 'hasExternalAccount'> & {
        readonly termsAgreed: boolean;
        readonly externalAccount: ExternalAccount | undefined;
      });
};

/** A certificate in use, with what is to be known of it. */
export type Shown = {
  readonly chain: Pick<CertificateChain, 'certificate' | 'issuers'>;
  readonly tls: TlsMaterial;
  /** Undefined: nobody renews it by itself. */
  readonly renewAtMs: number | undefined;
};

/** A change whose request was checked, before anything was touched. */
export type PlannedChange = {
  readonly settings: HttpsSettings;
  /** The certificate as far as there is one yet; seals and issues what is needed. */
  make(): Promise<Shown | undefined>;
  /** Puts the vault back as it was before `make`. */
  undo(): Promise<void>;
};

export type AuthorityHolder = { get(): CertificateAuthority | undefined; set(authority: CertificateAuthority): void };

type ChangeNeeds = CertificateAuthorityNeeds & {
  readonly authority: AuthorityHolder;
  /** Of the first listener: a new authority must be able to vouch for them too. */
  readonly startNames: readonly string[];
  /** An order under way has the challenge's port. */
  readonly isOrdering: () => boolean;
};

/** Throws `HttpsError`, `CertificateError`. */
export async function planChange(needs: ChangeNeeds, request: HttpsRequest): Promise<PlannedChange> {
  const names = parseNames(request.names);
  const { host, port, publicPort, certificate } = request;
  const base = { names, host: parseHost(host), port, publicPort };
  switch (certificate.kind) {
    case 'authority':
      return {
        settings: { ...base, certificate: { kind: 'authority' } },
        ...planAuthority(needs, names, certificate.replace),
      };
    case 'own':
      return planOwn(needs, { ...base, certificate: { kind: 'own' } }, certificate.pem);
    case 'acme':
      return planAcme(needs, base, certificate);
  }
}

/** A new authority is taken back, with the certificate it issued, when the change fails after all. */
function planAuthority(
  needs: ChangeNeeds,
  names: readonly string[],
  replace: boolean,
): Pick<PlannedChange, 'make' | 'undo'> {
  const { secrets, authority } = needs;
  const before = new Map<string, Uint8Array>();
  const present = authority.get();
  return {
    async make() {
      for (const name of [secretNames.authority, secretNames.authorityHttps]) {
        const bytes = await secrets.open(name);
        if (bytes !== undefined) before.set(name, bytes);
      }
      return showOfAuthority(needs, names, replace);
    },
    async undo() {
      for (const [name, bytes] of before) await secrets.seal(name, bytes);
      if (present !== undefined) authority.set((await openCertificateAuthority(needs)) ?? present);
    },
  };
}

export async function showOfAuthority(needs: ChangeNeeds, names: readonly string[], replace = false): Promise<Shown> {
  const present = replace ? undefined : needs.authority.get();
  const authority =
    present ?? (await createCertificateAuthority(needs, { names: [...names, ...needs.startNames], replace }));
  const { certificatePem, renewAtMs, tlsOptions } = await authority.serverCertificate(names, 'https');
  needs.authority.set(authority);
  const [certificate] = readCertificates(certificatePem);
  if (certificate === undefined) throw new TypeError('Cannot read the certificate just issued');
  const { key, cert } = tlsOptions();
  return { chain: { certificate, issuers: [] }, tls: { key, cert }, renewAtMs };
}

export function showOf(chain: CertificateChain, renewAtMs?: number): Shown {
  return { chain, tls: tlsMaterial(chain), renewAtMs };
}

async function planOwn(
  { secrets, clock }: ChangeNeeds,
  settings: HttpsSettings,
  pem: { chain: string; key: string; passphrase: string | undefined } | undefined,
): Promise<PlannedChange> {
  const wanted = { names: settings.names, nowMs: clock.nowMs() };
  const before = await openChain(secrets, secretNames.ownCertificate);
  if (pem === undefined && before === undefined) {
    throw new HttpsError(
      'https_certificate_needed',
      'Cannot serve: there is no certificate yet, must be given with its key',
      {
        hint: 'paste or pick both PEM files',
      },
    );
  }
  const texts = before === undefined ? undefined : tlsMaterial(before);
  const chain = checkCertificate(pem ?? { chain: texts?.cert ?? '', key: texts?.key ?? '' }, wanted);
  return {
    settings,
    async make() {
      await sealChain(secrets, secretNames.ownCertificate, chain);
      return showOf(chain);
    },
    async undo() {
      if (before !== undefined) await sealChain(secrets, secretNames.ownCertificate, before);
    },
  };
}

async function planAcme(
  { secrets, clock, isOrdering }: ChangeNeeds,
  base: Omit<HttpsSettings, 'certificate'>,
  wanted: Extract<HttpsRequest['certificate'], { kind: 'acme' }>,
): Promise<PlannedChange> {
  if (!wanted.termsAgreed) {
    throw new HttpsError(
      'acme_terms_not_agreed',
      'Cannot open an account: the terms of the ACME server must be agreed to',
    );
  }
  const unsuitable = base.names.find((name) => name === 'localhost' || /^[\d.]+$|:/.test(name));
  if (unsuitable !== undefined) {
    throw new CertificateError(
      'acme_name_unsupported',
      `Cannot order a certificate for "${unsuitable}": must be a host name`,
      {
        hint: 'for addresses and localhost, use this server’s own authority',
      },
    );
  }
  const { termsAgreed: _agreed, externalAccount, ...rest } = wanted;
  const choice = parseAcmeChoice({ ...rest, hasExternalAccount: externalAccount !== undefined });
  let before: Uint8Array | undefined;
  return {
    settings: { ...base, certificate: choice },
    async make() {
      // Now rather than in the first order, so that a port we may not have refuses the change.
      if (choice.challenge === 'http-01' && !isOrdering())
        await (await openHttpChallenge({ host: base.host, port: choice.challengePort })).close();
      before = await secrets.open(secretNames.acmeAccount);
      await openAcmeAccount(secrets, choice.directoryUrl, externalAccount);
      const chain = await openAcmeChain({ secrets, clock }, base.names);
      return chain === undefined ? undefined : showOf(chain);
    },
    async undo() {
      // The account may be bound to one elsewhere, which only whoever set it up can do again.
      if (before !== undefined) await secrets.seal(secretNames.acmeAccount, before);
    },
  };
}

/** What ACME gave before, when it still holds for these names. */
export async function openAcmeChain(
  { secrets, clock }: Pick<ChangeNeeds, 'secrets' | 'clock'>,
  names: readonly string[],
): Promise<CertificateChain | undefined> {
  const chain = await openChain(secrets, secretNames.acmeCertificate);
  const isUsable =
    chain !== undefined &&
    chain.certificate.validToDate.getTime() > clock.nowMs() &&
    names.every((name) => isFor(chain.certificate, name));
  return isUsable ? chain : undefined;
}
