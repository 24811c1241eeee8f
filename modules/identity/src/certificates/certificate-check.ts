import type { JsonObject } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { CodeStore } from '../codes/code-store.ts';
import type { PeopleNeeds } from '../needs.ts';
import { nameKeyOf, rolesAnywhereOf, stateOf, type User, type UserStore } from '../people/user-store.ts';
import type { Authority } from './authority.ts';
import type { AuthorityStore } from './authority-store.ts';
import { findPath, type CertificateRefusal, type Path } from './certificate-path.ts';
import type { CertificateStore, PersonCertificate } from './certificate-store.ts';
import { issuerIdOf, readCertificate, type Certificate } from './certificate.ts';
import { isRevoked } from './revocation-list.ts';

/** Why nobody is found by a certificate that is good. For the ledger: who holds it is told one thing of all of them. */
export type NobodyReason =
  | 'unknown'
  | 'name-ambiguous'
  | 'name-of-another'
  | 'domain-not-trusted'
  | 'administrator-not-named'
  | 'may-not-sign-in';

/** A certificate that is good by an authority that is enabled. */
export type GoodCertificate = {
  readonly certificate: Certificate;
  readonly authority: Authority;
  /** Of who issued it. */
  readonly issuerId: string;
};
export type Verified =
  | { readonly kind: 'good'; readonly all: readonly GoodCertificate[] }
  | {
      readonly kind: 'refused';
      readonly refusal: CertificateRefusal;
      readonly certificate: Certificate | undefined;
    };

export type Found =
  | {
      readonly kind: 'person';
      readonly user: User;
      readonly by: GoodCertificate;
      readonly row: PersonCertificate | undefined;
    }
  | { readonly kind: 'nobody'; readonly why: NobodyReason; readonly userId?: string };

/** Why a certificate that somebody has is no way in now: everything that signing in could find, and two things besides. */
export const certificateTroubles = [
  'switched-off',
  /** Kept by a version before, which kept too little of it to tell, and not used since. */
  'not-kept-whole',
  'expired',
  'not-yet-valid',
  'revoked',
  'revocations-missing',
  'revocations-stale',
  'authority-unknown',
  'authority-expired',
  'authority-not-allowed',
  'name-not-permitted',
  'wrong-usage',
  'wrong-purpose',
  'wrong-policy',
  'path-too-long',
  'is-an-authority',
  'unknown-demand',
  'unreadable',
  'weak',
  'unknown',
  'name-ambiguous',
  'name-of-another',
  'domain-not-trusted',
  'administrator-not-named',
  'may-not-sign-in',
] as const;
export type CertificateTrouble = (typeof certificateTroubles)[number];

/**
 * Whether a certificate is good, and whose it is: as things stand in the transaction or database it was made for. Authorities and lists
 * are read once, so it is for one request and no longer. Only what administrators registered counts, never what the machine trusts or
 * what came along with it.
 */
export type CertificateJudge = {
  authorities(): Promise<readonly Authority[]>;
  verify(der: Uint8Array): Promise<Verified>;
  /** Whose it is. Bound comes before named, and the two must not differ. */
  person(good: readonly GoodCertificate[]): Promise<Found>;
  /**
   * Whose accounts the names in it could mean, by their own name or where their codes are sent, whether its authority is trusted to name
   * anybody or not, and whatever state they are in.
   */
  couldMean(certificate: Certificate): Promise<ReadonlySet<string>>;
  /** Why it would not let its owner in now: the very questions that signing in asks. Undefined: it would. */
  troubleOf(one: PersonCertificate): Promise<CertificateTrouble | undefined>;
};
export type CertificateCheck = {
  at(where: Database | Transaction): CertificateJudge;
  /** The row it would have. */
  rowId(certificate: Certificate): string;
};

/** Whoever may do one of these decides what others may do, or reaches what cannot be given back. */
const governing: ReadonlySet<string> = new Set([
  'users:manage',
  'settings:manage',
  'keys:manage',
  'vault:manage',
  'personal:manage',
  'clock:accept',
  'agents:manage',
]);

export function createCertificateCheck(
  needs: Pick<PeopleNeeds, 'clock' | 'policy'> & {
    readonly authorityStore: AuthorityStore;
    readonly certificateStore: CertificateStore;
    readonly userStore: UserStore;
    readonly codeStore: Pick<CodeStore, 'listEmails'>;
  },
): CertificateCheck {
  const { clock, policy, authorityStore, certificateStore, userStore } = needs;

  type FoundList = Awaited<ReturnType<AuthorityStore['findList']>>;
  type FindList = (authorityId: string, issuerId: string) => Promise<FoundList>;

  const revocationOf = async (
    findList: FindList,
    { id, settings }: Authority,
    path: Path,
  ): Promise<CertificateRefusal | undefined> => {
    if (settings.revocation === 'none') return undefined;
    for (const [at, certificate] of path.slice(0, -1).entries()) {
      const issuer = path[at + 1];
      if (issuer === undefined) return 'revocations-missing';
      const list = await findList(id, issuerIdOf(issuer));
      const found = list === undefined ? undefined : isRevoked(certificate, list);
      if (found === true) return 'revoked';
      // An authority between is registered itself: who takes it out has revoked it. Of a person's there must be a list.
      if (list === undefined || found === undefined) {
        if (at === 0) return 'revocations-missing';
      } else if (list.nextUpdateMs < clock.nowMs() && settings.whenStale === 'refuse') return 'revocations-stale';
    }
    return undefined;
  };

  const mayGovern = (user: User): boolean => {
    const asked = { kind: 'user', id: user.id, name: '', scopes: [], assurance: 3 } as const;
    return policy.permissionsOf({ ...asked, roles: rolesAnywhereOf(user) }).some((action) => governing.has(action));
  };

  const named = async (
    where: Database | Transaction,
    { certificate, authority }: GoodCertificate,
  ): Promise<User | NobodyReason> => {
    const { finds, domains, namesAdministrators } = authority.settings;
    const { upns, emails, hasFaults } = certificate.names;
    const names = [...new Set(finds === 'upn' ? upns : finds === 'email' ? emails : [])];
    const [name] = names;
    if (name === undefined) return 'unknown';
    if (names.length > 1 || hasFaults) return 'name-ambiguous';
    const domain = name.slice(name.lastIndexOf('@') + 1).toLowerCase();
    if (domains.length > 0 && (!name.includes('@') || !domains.includes(domain))) return 'domain-not-trusted';
    const user = await userStore.findByName(where, name);
    // Names that look alike find the same account: only the very same one is meant. Who has no role is opened in other ways.
    if (user === undefined || user.name !== name || rolesAnywhereOf(user).length === 0) return 'unknown';
    return mayGovern(user) && !namesAdministrators ? 'administrator-not-named' : user;
  };

  const judgeAt = (where: Database | Transaction): CertificateJudge => {
    let read: Promise<readonly Authority[]> | undefined;
    const authorities = (): Promise<readonly Authority[]> => (read ??= authorityStore.list(where));
    const lists = new Map<string, Promise<FoundList>>();
    const findList: FindList = (authorityId, issuerId) => {
      const key = `${authorityId} ${issuerId}`;
      const found = lists.get(key) ?? authorityStore.findList(where, authorityId, issuerId);
      lists.set(key, found);
      return found;
    };

    const verify = async (der: Uint8Array): Promise<Verified> => {
      const certificate = readCertificate(der);
      if (certificate === undefined) return { kind: 'refused', refusal: 'unreadable', certificate };
      const all: GoodCertificate[] = [];
      let refusal: CertificateRefusal = 'authority-unknown';
      for (const authority of await authorities()) {
        if (!authority.settings.isEnabled) continue;
        const found = findPath(certificate, authority.certificates, authority.settings, clock.nowMs());
        const wrong = 'path' in found ? await revocationOf(findList, authority, found.path) : found.refusal;
        const issuer = 'path' in found ? found.path[1] : undefined;
        if (wrong === undefined && issuer !== undefined)
          all.push({ certificate, authority, issuerId: issuerIdOf(issuer) });
        else if (wrong !== undefined && wrong !== 'authority-unknown') refusal = wrong;
      }
      return all.length > 0 ? { kind: 'good', all } : { kind: 'refused', refusal, certificate };
    };

    const person = async (good: readonly GoodCertificate[]): Promise<Found> => {
      const [first] = good;
      if (first === undefined) return { kind: 'nobody', why: 'unknown' };
      const row = await certificateStore.find(where, certificateStore.idOf(first.certificate.thumbprint));
      const bound = good.find(({ authority }) => row?.kind === 'bound' && row.authorityId === authority.id);
      let [user, by] = [bound === undefined ? undefined : await userStore.find(where, row?.userId ?? ''), bound];
      let why: NobodyReason = 'unknown';
      for (const one of good) {
        const said = await named(where, one);
        if (typeof said === 'string') why = said === 'unknown' ? why : said;
        else if (user === undefined) [user, by] = [said, one];
        else if (user.id !== said.id) return { kind: 'nobody', why: 'name-of-another', userId: user.id };
      }
      // A certificate is one person's: whose it was once by name, it is until that is taken away.
      if (user === undefined || by === undefined) return { kind: 'nobody', why };
      if (row !== undefined && row.userId !== user.id) return { kind: 'nobody', why: 'name-of-another' };
      if (stateOf(user) !== 'active') return { kind: 'nobody', why: 'may-not-sign-in', userId: user.id };
      return { kind: 'person', user, by, row };
    };

    return {
      authorities,
      verify,
      person,

      async couldMean({ names }) {
        const users = new Set<string>();
        const all = new Set([...names.upns, ...names.emails]);
        const emails = all.size === 0 ? [] : await needs.codeStore.listEmails(where);
        for (const name of all) {
          const meant = emails.filter(({ address }) => nameKeyOf(address) === nameKeyOf(name));
          const user = await userStore.findByName(where, name);
          const sure = meant.filter(({ isVerified }) => isVerified).map(({ userId }) => userId);
          if (user !== undefined) sure.push(user.id);
          // Anybody may write another's address down: it counts where nobody has shown that it is theirs.
          for (const id of sure.length > 0 ? sure : meant.map(({ userId }) => userId)) users.add(id);
        }
        return users;
      },

      async troubleOf(one) {
        if (clock.nowMs() > one.validToMs) return 'expired';
        const isOff = (await authorities()).find(({ id }) => id === one.authorityId)?.settings.isEnabled !== true;
        if (one.der === undefined) return isOff ? 'switched-off' : 'not-kept-whole';
        const verified = await verify(one.der);
        if (verified.kind === 'refused') return isOff ? 'switched-off' : verified.refusal;
        const found = await person(verified.all);
        if (found.kind === 'person') return found.user.id === one.userId ? undefined : 'name-of-another';
        return isOff ? 'switched-off' : found.why;
      },
    };
  };

  return { at: judgeAt, rowId: ({ thumbprint }) => certificateStore.idOf(thumbprint) };
}

/** For the ledger. */
export function certificateDetails(certificate: Certificate | undefined, verdict: string): JsonObject {
  if (certificate === undefined) return { verdict };
  const { shownSubject: subject, shownIssuer: issuer, serial, thumbprint } = certificate;
  return { subject, issuer, serial, thumbprint, verdict };
}

export const refusalWords: Readonly<Record<CertificateRefusal, string>> = {
  unreadable: 'it cannot be read',
  weak: 'its key or signature is too weak',
  'not-yet-valid': 'it is not valid yet',
  expired: 'it has expired',
  'authority-unknown': 'no authority that is accepted here issued it',
  'authority-expired': 'the certificate of its authority is not valid now',
  'authority-not-allowed': 'its authority may not issue certificates',
  'path-too-long': 'its authority may not have authorities below it like this',
  'is-an-authority': 'it is for an authority, not for a person',
  'wrong-usage': 'it is not for signing in with: digital signatures must be among its uses',
  'wrong-purpose': 'it is not for signing in with: its purposes lack the one that is asked for',
  'wrong-policy': 'it was not issued under the policy that is asked for',
  'name-not-permitted': 'its authority may not issue certificates for this name',
  'unknown-demand': 'it demands something that is not understood here',
  revoked: 'it was revoked',
  'revocations-missing': 'there is no list of what its authority revoked',
  'revocations-stale': 'the list of what its authority revoked is out of date',
};
