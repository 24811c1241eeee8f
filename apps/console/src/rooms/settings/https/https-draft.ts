import type { Request } from '../../../api/call.ts';
import { emptyAcme } from './acme-fields.tsx';
import type { AcmeDraft } from './acme-fields.tsx';
import type { CertificateKind, Https } from './https-query.ts';

/** What is typed in the form, as text. */
export type HttpsDraft = {
  readonly names: string;
  readonly port: string;
  readonly host: string;
  readonly publicPort: string;
  readonly kind: CertificateKind;
  readonly chain: string;
  readonly key: string;
  readonly passphrase: string;
  readonly acme: AcmeDraft;
  readonly replaceAuthority: boolean;
};

export function draftOf(https: Https): HttpsDraft {
  const { acme } = https;
  const isOther = acme !== null && !acme.directory_url.includes('api.letsencrypt.org');
  return {
    names: https.names.length === 0 ? suggestedName() : https.names.join(', '),
    port: String(https.port ?? 8443),
    host: https.host ?? '0.0.0.0',
    publicPort: https.public_port === null ? '' : String(https.public_port),
    kind: https.kind ?? 'authority',
    chain: '',
    key: '',
    passphrase: '',
    acme:
      acme === null
        ? emptyAcme
        : {
            ...emptyAcme,
            directory: acme.directory_url,
            isOther,
            challenge: acme.challenge,
            challengePort: String(acme.challenge_port),
            email: acme.email ?? '',
          },
    replaceAuthority: false,
  };
}

/** The name this page was opened under, when others could use it too. */
function suggestedName(): string {
  const { hostname } = location;
  return ['localhost', '127.0.0.1', '[::1]'].includes(hostname) ? '' : hostname;
}

function namesIn(text: string): string[] {
  return text
    .split(/[\s,;]+/)
    .map((name) => name.replace(/^https?:\/\//, '').replace(/\/.*$/, ''))
    .filter((name) => name !== '');
}

export function isComplete(draft: HttpsDraft, https: Https): boolean {
  if (namesIn(draft.names).length === 0 || !isPort(draft.port)) return false;
  if (draft.kind === 'own') return draft.chain.trim() !== '' || https.kind === 'own';
  if (draft.kind === 'acme')
    return draft.acme.hasAgreed && draft.acme.directory.trim() !== '' && isPort(draft.acme.challengePort);
  return true;
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}

export function bodyOf(draft: HttpsDraft): Request<'PUT /v1/settings/https'>['body'] {
  const { acme, kind, passphrase } = draft;
  const ca = acme.directoryCa.trim();
  return {
    enabled: true,
    names: namesIn(draft.names),
    host: draft.host.trim(),
    port: Number(draft.port),
    public_port: isPort(draft.publicPort) ? Number(draft.publicPort) : null,
    certificate: kind,
    ...(kind === 'authority' && draft.replaceAuthority ? { authority: { replace: true } } : {}),
    ...(kind === 'own' && draft.chain.trim() !== ''
      ? { own: { chain_pem: draft.chain, key_pem: draft.key, ...(passphrase === '' ? {} : { passphrase }) } }
      : {}),
    ...(kind === 'acme'
      ? {
          acme: {
            directory_url: acme.directory.trim(),
            ...(ca === '' ? {} : { directory_ca_pem: ca }),
            challenge: acme.challenge,
            challenge_port: Number(acme.challengePort),
            ...(acme.email.trim() === '' ? {} : { email: acme.email.trim() }),
            terms_agreed: acme.hasAgreed,
            ...(acme.keyId === '' ? {} : { external_account: { key_id: acme.keyId, hmac_key: acme.hmacKey } }),
          },
        }
      : {}),
  };
}
