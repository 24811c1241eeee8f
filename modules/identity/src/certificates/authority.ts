import type { RevocationList } from './revocation-list.ts';
import type { Certificate } from './certificate.ts';

/** TLS client authentication, and Microsoft's smart card logon. */
const defaultPurposes: readonly string[] = ['1.3.6.1.5.5.7.3.2', '1.3.6.1.4.1.311.20.2.2'];

/** How somebody is found by a certificate: by one that was bound to their account, or by a name in it, too. */
export const findings = ['binding', 'upn', 'email'] as const;
export type Finding = (typeof findings)[number];

/** What administrators say about an authority whose certificates people sign in with. */
export type AuthoritySettings = {
  readonly name: string;
  readonly isEnabled: boolean;
  /** Object identifiers: one of these must stand in a certificate. */
  readonly purposes: readonly string[];
  /** One of these must hold for it; none is asked for when empty. */
  readonly policies: readonly string[];
  readonly finds: Finding;
  /** By a name, only people of these domains; anybody when empty. */
  readonly domains: readonly string[];
  /** By a name, people too who may change what others may do. Otherwise only by a certificate that was bound. */
  readonly namesAdministrators: boolean;
  /** People bind certificates of it to their own accounts. */
  readonly allowsBinding: boolean;
  /** `list`: without a list of revocations of its issuer no certificate is taken. */
  readonly revocation: 'list' | 'none';
  /** What becomes of its certificates when the next list should be here and is not. */
  readonly whenStale: 'refuse' | 'accept';
};

export type Authority = {
  readonly id: string;
  readonly createdAtMs: number;
  readonly settings: AuthoritySettings;
  /** Of authorities alone; chains are made of these and nothing else. */
  readonly certificates: readonly Certificate[];
};

/** A list that was taken in, without what is on it. */
export type KnownList = Pick<RevocationList, 'issuerId' | 'thisUpdateMs' | 'nextUpdateMs' | 'number' | 'points'> & {
  readonly authorityId: string;
  readonly uploadedAtMs: number;
  readonly entries: number;
};

export const authorityLimits = {
  authorities: 20,
  certificates: 20,
  pemCharacters: 200_000,
  oids: 20,
  domains: 50,
  certificatesOfPerson: 10,
} as const;

/** What nobody thinks of gets these: found by binding alone, and not before a list of revocations is here. */
export const freshSettings: AuthoritySettings = {
  name: '',
  isEnabled: false,
  purposes: defaultPurposes,
  policies: [],
  finds: 'binding',
  domains: [],
  namesAdministrators: false,
  allowsBinding: true,
  revocation: 'list',
  whenStale: 'refuse',
};
