import { ocsfClass, type JsonObject } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { IdentityError } from '../errors.ts';
import type { WaysIn } from '../admission/ways-in.ts';
import type { PeopleNeeds } from '../needs.ts';
import { isoTime } from '../sessions/session-format.ts';
import { authorityLimits, freshSettings, type Authority, type AuthoritySettings, type KnownList } from './authority.ts';
import type { AuthorityStore } from './authority-store.ts';
import { refusalWords, type CertificateCheck, type NobodyReason } from './certificate-check.ts';
import { anchorsOf, mayIssue, type CertificateRefusal } from './certificate-path.ts';
import type { CertificateStore, PersonCertificate } from './certificate-store.ts';
import { issuerIdOf, readPem, type Certificate } from './certificate.ts';
import { isOlder, type NewestRevocations } from './newest-revocations.ts';
import type { EndCertificateSessions } from './person-certificates.ts';
import { bytesOfList, countOf, isRevoked, maxListBytes, readRevocationList } from './revocation-list.ts';

export type ListedAuthority = Authority & {
  readonly anchors: readonly Certificate[];
  readonly lists: readonly KnownList[];
  /** Certificates of people that were bound or used under it. */
  readonly people: number;
  /** When it was looked at. */
  readonly nowMs: number;
};

/** What would become of a certificate, for whoever sets an authority up. */
export type Foreseen = {
  readonly certificate?: Certificate;
  readonly refusal?: CertificateRefusal;
  readonly authorities: readonly string[];
  readonly person?: { readonly id: string; readonly name: string };
  readonly nobody?: NobodyReason;
};

/**
 * The authorities whose certificates people sign in with, and what they revoked. Nothing is ever fetched: lists come as files. What is
 * taken away ends the sessions it let in. Every change leaves its event in the transaction that makes it.
 */
export type CertificateAuthorities = {
  /** Oldest first. */
  list(): Promise<readonly ListedAuthority[]>;
  hasEnabled(): Promise<boolean>;
  /** Throws `certificate_authority_invalid`, `certificate_authority_limit`. */
  create(request: {
    readonly settings: Partial<AuthoritySettings>;
    readonly pem: string;
    readonly by: Principal;
  }): Promise<ListedAuthority>;
  /** Throws as `create`, `certificate_authority_not_found`, and `certificate_authority_lock_out` for all but the operator. */
  change(request: {
    readonly id: string;
    readonly settings: Partial<AuthoritySettings>;
    readonly pem?: string | undefined;
    readonly by: Principal;
  }): Promise<ListedAuthority>;
  /** With its lists and what people have under it. Throws as `change`. */
  remove(request: { readonly id: string; readonly by: Principal }): Promise<void>;
  /**
   * In place of the list of the same issuer. Throws `certificate_authority_not_found`, `revocations_invalid`, `revocations_old` for one that is
   * not newer: an old one would make what was revoked since good again.
   */
  takeList(request: { readonly id: string; readonly list: string; readonly by: Principal }): Promise<{
    readonly issuer: string;
    readonly entries: number;
    readonly revokedHere: number;
    readonly endedSessions: number;
  }>;
  /** Throws `certificate_authority_invalid` for what is not one certificate. */
  foresee(pem: string): Promise<Foreseen>;
};

const idBytes = 8;

export function createCertificateAuthorities(
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock' | 'random'> & {
    readonly authorityStore: AuthorityStore;
    readonly newestRevocations: NewestRevocations;
    readonly certificateStore: CertificateStore;
    readonly waysIn: Pick<WaysIn, 'keeping'>;
    readonly check: CertificateCheck;
    readonly endSessions: EndCertificateSessions;
  },
): CertificateAuthorities {
  const { database, outbox, clock, authorityStore: store, newestRevocations } = needs;
  const { certificateStore, check, endSessions } = needs;

  const record = (
    transaction: Transaction,
    action: 'create' | 'change' | 'delete' | 'revocations',
    { by, id, settings }: Pick<Authority, 'id' | 'settings'> & { readonly by: Principal },
    details: JsonObject,
  ): Promise<void> =>
    outbox.record(
      transaction,
      auditEvent({
        nowMs: clock.nowMs(),
        actor: { kind: by.kind, id: by.id, name: by.name },
        action: `certificate-authority.${action}`,
        classUid: ocsfClass.entityManagement,
        activityId: { create: 1, change: 3, delete: 4, revocations: 3 }[action],
        outcome: 'success',
        target: { type: 'certificate-authority', id, name: settings.name },
        details,
      }),
    );
  const get = async (where: Transaction | typeof database, id: string): Promise<Authority> => {
    const found = (await store.list(where)).find((one) => one.id === id);
    if (found !== undefined) return found;
    throw new IdentityError(
      'certificate_authority_not_found',
      `Cannot find authority "${id.slice(0, 100)}": must be the id of one`,
    );
  };
  const listed = async (where: Transaction | typeof database, authority: Authority): Promise<ListedAuthority> => ({
    ...authority,
    anchors: anchorsOf(authority.certificates),
    lists: await store.lists(where, authority.id),
    people: (await certificateStore.listOfAuthority(where, authority.id)).length,
    nowMs: clock.nowMs(),
  });

  /** Whoever decides which names in certificates count can be anybody who is named: only an administrator in person, as they always are. */
  const requireStrength = (by: Principal, { settings }: Authority): void => {
    if (settings.finds === 'binding' || by.kind === 'operator') return;
    const isLasting = (by.grantIds ?? []).length === 0;
    const may = ['users:manage', 'settings:manage', 'keys:manage'].every((action) => by.scopes.includes(action));
    if (by.kind === 'user' && isLasting && may) return;
    throw new IdentityError(
      'role_grant_widened',
      'Cannot have certificates find people by the names in them: must be done by a person who may manage people, settings and keys, and not only for now',
    );
  };

  const ownersOf = (rows: readonly PersonCertificate[]): string[] => rows.map(({ userId }) => userId);

  return {
    async list() {
      const all = await store.list(database);
      const lists = await store.lists(database);
      const rows = await certificateStore.listAll(database);
      return all.map((authority) => ({
        ...authority,
        anchors: anchorsOf(authority.certificates),
        lists: lists.filter(({ authorityId }) => authorityId === authority.id),
        people: rows.filter(({ authorityId }) => authorityId === authority.id).length,
        nowMs: clock.nowMs(),
      }));
    },

    hasEnabled: async () => (await store.list(database)).some(({ settings }) => settings.isEnabled),

    async create({ settings: given, pem, by }) {
      const authority: Authority = {
        id: Buffer.from(needs.random(idBytes)).toString('hex'),
        createdAtMs: clock.nowMs(),
        settings: { ...freshSettings, ...given },
        certificates: readAuthorities(pem),
      };
      requireStrength(by, authority);
      const made = await database.transaction().execute(async (transaction) => {
        const others = await store.list(transaction);
        if (others.length >= authorityLimits.authorities)
          throw new IdentityError(
            'certificate_authority_limit',
            `Cannot add another authority: there are ${authorityLimits.authorities} already`,
          );
        requireValid(authority, others);
        await store.write(transaction, authority);
        await record(transaction, 'create', { ...authority, by }, inWords(authority));
        return listed(transaction, authority);
      });
      await outbox.flushed();
      return made;
    },

    async change({ id, settings: given, pem, by }) {
      const changed = await database.transaction().execute(async (transaction) => {
        const before = await get(transaction, id);
        const after: Authority = {
          ...before,
          settings: { ...before.settings, ...given },
          certificates: pem === undefined ? before.certificates : readAuthorities(pem),
        };
        requireStrength(by, after);
        requireValid(
          after,
          (await store.list(transaction)).filter((one) => one.id !== id),
        );
        const kept = new Set(after.certificates.map(({ thumbprint }) => thumbprint));
        const isLess = before.certificates.some(({ thumbprint }) => !kept.has(thumbprint));
        const isOff = before.settings.isEnabled && !after.settings.isEnabled;
        const isNameless = before.settings.finds !== 'binding' && after.settings.finds !== before.settings.finds;
        await needs.waysIn.keeping(transaction, by, async () => {
          await store.write(transaction, after);
          await store.removeListsBut(transaction, id, after.certificates.map(issuerIdOf));
        });
        const rows = await certificateStore.listOfAuthority(transaction, id);
        const out = isLess || isOff ? rows : isNameless ? rows.filter(({ kind }) => kind === 'named') : [];
        const sessions = await endSessions(transaction, ownersOf(out), { by, reason: 'certificate authority changed' });
        const details = { from: inWords(before), to: inWords(after), sessions };
        await record(transaction, 'change', { ...after, by }, details);
        return listed(transaction, after);
      });
      await outbox.flushed();
      return changed;
    },

    async remove({ id, by }) {
      await database.transaction().execute(async (transaction) => {
        const authority = await get(transaction, id);
        const rows = await certificateStore.listOfAuthority(transaction, id);
        await needs.waysIn.keeping(transaction, by, async () => {
          await store.remove(transaction, id);
          await certificateStore.removeOfAuthority(transaction, id);
        });
        const sessions = await endSessions(transaction, ownersOf(rows), {
          by,
          reason: 'certificate authority removed',
        });
        await record(transaction, 'delete', { ...authority, by }, { certificates: rows.length, sessions });
      });
      await outbox.flushed();
    },

    async takeList({ id, list: text, by }) {
      const bytes = bytesOfList(text);
      const cannot = (why: string): IdentityError =>
        new IdentityError('revocations_invalid', `Cannot take this list of revocations: ${why}`);
      if (bytes === undefined) throw cannot('must be a file as PEM or DER');
      if (bytes.length > maxListBytes) throw cannot(`must be at most ${maxListBytes} bytes`);
      const { certificates } = await get(database, id);
      const nowMs = clock.nowMs();
      const read = await readRevocationList(bytes, certificates, nowMs);
      if ('fault' in read) throw cannot(read.fault);
      const taken = await database.transaction().execute(async (transaction) => {
        const authority = await get(transaction, id);
        const issuers = authority.certificates.filter((one) => issuerIdOf(one) === read.issuerId);
        if (issuers.length === 0) throw cannot('its authority was taken away meanwhile');
        const known = await store.findList(transaction, id, read.issuerId);
        // Issuers count each scope by itself; in time none of their lists goes back.
        const isSameScope =
          known !== undefined && known.points.toSorted().join('\n') === read.points.toSorted().join('\n');
        const { thisUpdateMs = 0 } = known ?? {};
        const newest = await newestRevocations.of(transaction, read);
        if (isOlder(read, newest) || isOlder(read, isSameScope ? known : { thisUpdateMs, number: undefined }))
          throw new IdentityError(
            'revocations_old',
            `Cannot take this list of revocations: must not be older than the one of ${isoTime(Math.max(thisUpdateMs, newest?.thisUpdateMs ?? 0))}, nor have a lower number`,
            { hint: 'an issuer is remembered by its key, also when its certificate was taken away and added again' },
          );
        await newestRevocations.note(transaction, read);
        await store.writeList(transaction, id, read, nowMs);
        const rows = await certificateStore.listOfAuthority(transaction, id);
        // One that was itself issued by it may be an authority: then everybody below is out.
        const isAuthorityOut = authority.certificates.some(
          (one) =>
            issuers.some(({ subject }) => Buffer.from(one.issuer).equals(subject)) && isRevoked(one, read) === true,
        );
        const out = rows.filter(
          ({ issuerId, serial, points }) =>
            isAuthorityOut ||
            (issuerId === read.issuerId && isRevoked({ serial, revocationPoints: points }, read) === true),
        );
        const endedSessions = await endSessions(transaction, ownersOf(out), { by, reason: 'certificate revoked' });
        const entries = countOf(read);
        await record(
          transaction,
          'revocations',
          { ...authority, by },
          {
            issuer: read.issuerName,
            of: new Date(read.thisUpdateMs).toISOString(),
            next: new Date(read.nextUpdateMs).toISOString(),
            entries,
            revoked_here: out.length,
            sessions: endedSessions,
          },
        );
        return { issuer: read.issuerName, entries, revokedHere: out.length, endedSessions };
      });
      await outbox.flushed();
      return taken;
    },

    async foresee(pem) {
      const [certificate, more] = readPem(pem, 1) ?? [];
      if (certificate === undefined || more !== undefined)
        throw new IdentityError(
          'certificate_authority_invalid',
          'Cannot look at this: must be one certificate, as PEM',
        );
      const judge = check.at(database);
      const verified = await judge.verify(certificate.der);
      if (verified.kind === 'refused') return { certificate, refusal: verified.refusal, authorities: [] };
      const authorities = verified.all.map(({ authority }) => authority.settings.name);
      const found = await judge.person(verified.all);
      return found.kind === 'person'
        ? { certificate, authorities, person: { id: found.user.id, name: found.user.name } }
        : { certificate, authorities, nobody: found.why };
    },
  };
}

/** Throws `certificate_authority_invalid`. */
function readAuthorities(pem: string): readonly Certificate[] {
  const cannot = (why: string): IdentityError =>
    new IdentityError('certificate_authority_invalid', `Cannot use these certificates: ${why}`);
  const certificates = readPem(pem, authorityLimits.certificates);
  if (certificates === undefined)
    throw cannot(`must be 1 to ${authorityLimits.certificates} certificates as PEM, and nothing secret`);
  if (new Set(certificates.map(({ thumbprint }) => thumbprint)).size < certificates.length)
    throw cannot('each must stand there once');
  for (const one of certificates) {
    const named = `"${one.shownSubject}"`;
    if (!mayIssue(one)) throw cannot(`${named} must be of an authority`);
    if (!one.isStrong) throw cannot(`${named}: ${refusalWords.weak}`);
    if (one.hasUnknownDemand) throw cannot(`${named}: ${refusalWords['unknown-demand']}`);
  }
  return certificates;
}

/** Throws `certificate_authority_invalid`. */
function requireValid({ settings }: Authority, others: readonly Authority[]): void {
  const cannot = (why: string): IdentityError =>
    new IdentityError('certificate_authority_invalid', `Cannot set up authority "${settings.name}": ${why}`);
  if (settings.name.trim() === '') throw cannot('must have a name');
  if (others.some((one) => one.settings.name === settings.name)) throw cannot('must have a name of its own');
  if (settings.purposes.length === 0) throw cannot('must ask for one purpose or more');
  const oids = [...settings.purposes, ...settings.policies];
  if (!oids.every((oid) => /^[0-2](?:\.(?:0|[1-9]\d{0,14})){1,20}$/.test(oid)))
    throw cannot('purposes and policies must be object identifiers, such as 1.3.6.1.5.5.7.3.2');
  if (settings.purposes.includes('2.5.29.37.0')) throw cannot('any purpose must not be one');
  if (!settings.domains.every((domain) => /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/.test(domain)))
    throw cannot('domains must be host names in small letters');
}

function inWords({ settings, certificates }: Authority): JsonObject {
  const { purposes, policies, domains, ...plain } = settings;
  return {
    ...plain,
    purposes: [...purposes],
    policies: [...policies],
    domains: [...domains],
    certificates: certificates.map(({ shownSubject, thumbprint }) => `${shownSubject} ${thumbprint}`),
  };
}
