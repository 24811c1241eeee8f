import type { Actor } from '@sallyport/ledger';
import type { Transaction } from '@sallyport/platform/database';
import type { Client, Presented, Principal } from '@sallyport/platform/http';
import type { Secret } from '@sallyport/platform/secret';
import type { Admission, Admitted } from '../admission/admission.ts';
import { accountEvent, authenticationEvent } from '../audit-record.ts';
import { IdentityError } from '../errors.ts';
import type { Enrolled, Enrolment } from '../factors/enrolment.ts';
import type { TotpFactor } from '../factors/totp.ts';
import type { PeopleNeeds } from '../needs.ts';
import { rolesAnywhereOf, type User, type UserStore } from '../people/user-store.ts';
import { sessionIdOf } from '../sessions/session-format.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { SignInThrottle } from '../sessions/sign-in-throttle.ts';
import { createHolderOf } from '../sessions/ticket-holder.ts';
import type { Tickets } from '../tickets/tickets.ts';
import { authorityLimits } from './authority.ts';
import { certificateDoorFor } from './certificate-door.ts';
import {
  createSealing,
  isMark,
  markOf,
  type Attempt,
  type AttemptPurpose,
  type Showing,
} from './certificate-attempt.ts';
import {
  certificateDetails,
  refusalWords,
  type CertificateCheck,
  type CertificateJudge,
  type Found,
  type GoodCertificate,
} from './certificate-check.ts';
import type { CertificateStore } from './certificate-store.ts';
import { createTelling, Refused } from './certificate-telling.ts';
import { bindTo, rowOf } from './person-certificates.ts';

export type CertificateDeparture = {
  readonly url: string;
  /** For the browser that goes, and no other. */
  readonly attempt: string;
};
/** What a browser brings back from the door. */
export type Brought = { readonly ticket: string; readonly attempt: string | undefined; readonly client: Client };

/**
 * Signing in with a certificate. Browsers show one in the handshake alone, so there is a door that asks for it: the browser goes
 * there and comes back with a ticket, which counts once, for two minutes, in the browser that went. Whether a certificate is good
 * and whose it is, is asked in the transaction that lets somebody in; whether that is enough, admission says.
 */
export type CertificateFlow = {
  /** There is a door for this browser, and an authority that is enabled. */
  isOffered(client: Client): Promise<boolean>;
  /** Throws `certificate_unavailable`, `ticket_invalid`. */
  departToSignIn(request: {
    readonly ticket: string | undefined;
    readonly returnPath: string;
    readonly client: Client;
  }): Promise<CertificateDeparture>;
  /** Throws `certificate_unavailable`, `session_required`. */
  departToProve(request: {
    readonly by: Principal;
    readonly returnPath: string;
    readonly client: Client;
  }): Promise<CertificateDeparture>;
  departToBind(request: {
    readonly by: Principal;
    readonly label: string;
    readonly client: Client;
  }): Promise<CertificateDeparture>;
  /** For whoever must enrol something. Throws `certificate_unavailable`, `ticket_invalid`, `factor_insufficient`. */
  departToEnrol(request: {
    readonly enrolment: string;
    readonly label: string;
    readonly client: Client;
  }): Promise<CertificateDeparture>;
  /** At the door: where the browser goes next. Throws `certificate_attempt_invalid` for an address that is not of our making. */
  pass(request: {
    readonly errand: string;
    readonly attempt: string | undefined;
    readonly presented: Pick<Presented, 'certificate'>;
  }): string;
  /** Throws `certificate_attempt_invalid`, `certificate_refused`, `ticket_invalid`, `sign_in_throttled`, and what admission throws. */
  signIn(brought: Brought): Promise<{ readonly admitted: Admitted; readonly returnPath: string }>;
  /** The session's new token. Throws as `signIn`, and `proof_refused`. */
  prove(
    brought: Brought & { readonly by: Principal },
  ): Promise<{ readonly token: Secret; readonly returnPath: string }>;
  /** Throws as `signIn`, `certificate_taken`, `factor_limit_reached`. */
  bind(brought: Brought & { readonly by: Principal }): Promise<void>;
  /** As somebody's first factor, or a stronger one: binds it and asks admission again. Throws as `bind`, `ticket_invalid`, `factor_insufficient`. */
  enrol(brought: Brought): Promise<Enrolled>;
};

const attemptMs = 5 * 60_000;
const showingMs = 2 * 60_000;
/** Where the page of the console is that takes what comes back. */
const returnPage = '/sign-in/certificate';

export function createCertificateFlow(
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock' | 'random' | 'certificateDoor'> & {
    /** 32 bytes, the same at every start and on every server. */
    readonly sealingKey: Uint8Array;
    readonly check: CertificateCheck;
    readonly hasAuthority: () => Promise<boolean>;
    readonly certificateStore: CertificateStore;
    readonly userStore: UserStore;
    readonly admission: Admission;
    readonly sessions: Pick<Sessions, 'renew'>;
    readonly tickets: Tickets;
    readonly enrolment: Pick<Enrolment, 'certificateHolder' | 'confirmCertificate'>;
    readonly totp: Pick<TotpFactor, 'forgetFailures'>;
    readonly throttle: SignInThrottle;
  },
): CertificateFlow {
  const { database, outbox, clock, check, certificateStore, admission, tickets } = needs;
  const telling = createTelling(needs);
  const sealing = createSealing({ key: needs.sealingKey, random: needs.random });
  const holderOf = createHolderOf(needs);
  const newText = (bytes: number): string => Buffer.from(needs.random(bytes)).toString('base64url');
  const doorOf = (client: Client): string | undefined => certificateDoorFor(client, needs.certificateDoor);

  const depart = async (
    purpose: AttemptPurpose,
    { returnPath, client }: { readonly returnPath: string; readonly client: Client },
  ): Promise<CertificateDeparture> => {
    const door = doorOf(client);
    if (door === undefined || !(await needs.hasAuthority()))
      throw new IdentityError('certificate_unavailable', 'Cannot ask for a certificate here: it is not switched on', {
        hint: 'it needs HTTPS, a port for it (SALLYPORT_CERTIFICATE_PORT) and an authority that is enabled',
      });
    const expiresAtMs = clock.nowMs() + attemptMs;
    const attempt: Attempt = { state: newText(32), purpose, returnPath: safePath(returnPath), expiresAtMs };
    const errand = { mark: markOf(attempt), origin: client.origin, kind: purpose.kind, expiresAtMs };
    const url = new URL('/v1/certificate-door', door);
    url.searchParams.set('errand', sealing.seal('errand', errand));
    return { url: url.href, attempt: sealing.seal('attempt', attempt) };
  };

  /** Both halves, of one attempt, in time. Throws `certificate_attempt_invalid`. */
  const opened = <Kind extends AttemptPurpose['kind']>(brought: Brought, kind: Kind) => {
    const attempt = sealing.open('attempt', brought.attempt);
    const showing = sealing.open('showing', brought.ticket);
    const nowMs = clock.nowMs();
    if (
      attempt === undefined ||
      showing === undefined ||
      !isMark(showing.mark, attempt) ||
      !isKind(attempt.purpose, kind) ||
      attempt.expiresAtMs <= nowMs ||
      showing.expiresAtMs <= nowMs
    )
      throw attemptInvalid();
    const der = Buffer.from(showing.certificate, 'base64');
    return { purpose: attempt.purpose, returnPath: attempt.returnPath, showing, der };
  };
  const spend = async (transaction: Transaction, { id, expiresAtMs }: Showing): Promise<void> => {
    if (!(await tickets.spend(transaction, `certificate ${id}`, expiresAtMs))) throw attemptInvalid();
  };

  /** Throws `Refused`, which is recorded once the transaction is rolled back. */
  const goodOnes = async (judge: CertificateJudge, der: Uint8Array): Promise<readonly GoodCertificate[]> => {
    const verified = await judge.verify(der);
    if (verified.kind === 'good') return verified.all;
    throw new Refused(verified.certificate, verified.refusal, refusalWords[verified.refusal]);
  };
  const owner = async (
    transaction: Transaction,
    der: Uint8Array,
    expectedId?: string,
  ): Promise<Found & { readonly kind: 'person' }> => {
    const judge = check.at(transaction);
    const good = await goodOnes(judge, der);
    const found = await judge.person(good);
    const isOther = found.kind === 'person' && expectedId !== undefined && found.user.id !== expectedId;
    if (found.kind === 'person' && !isOther) return found;
    const [one] = good;
    const why = found.kind === 'nobody' ? found.why : 'name-of-another';
    const userId = found.kind === 'nobody' ? found.userId : undefined;
    throw new Refused(one?.certificate, why, 'it belongs to nobody who may sign in here', userId);
  };

  /** What it was used for; one that names its holder is remembered from its first use on. */
  const noteUse = async (transaction: Transaction, { user, by, row }: Found & { readonly kind: 'person' }) => {
    const nowMs = clock.nowMs();
    if (row !== undefined) return certificateStore.noteUse(transaction, { ...row, der: by.certificate.der }, nowMs);
    const named = (await certificateStore.listOf(transaction, user.id)).filter(({ kind }) => kind === 'named');
    for (const old of named.slice(0, Math.max(0, named.length + 1 - authorityLimits.certificatesOfPerson)))
      await certificateStore.remove(transaction, user.id, old.id);
    const id = check.rowId(by.certificate);
    const label = by.certificate.shownSubject;
    const made = rowOf(by, { id, userId: user.id, kind: 'named', label, createdAtMs: nowMs });
    await certificateStore.insert(transaction, { ...made, lastUsedAtMs: nowMs });
    const details = { method: 'certificate', label, certificate: certificateDetails(by.certificate, 'named') };
    const event = accountEvent({ nowMs, action: 'user.factor', by: { ...user, kind: 'user' }, user, details });
    await outbox.record(transaction, event);
  };

  /** One that people may bind themselves, and how. */
  const bindable = async (transaction: Transaction, der: Uint8Array) => {
    const judge = check.at(transaction);
    const good = await goodOnes(judge, der);
    const one = good.find(({ authority }) => authority.settings.allowsBinding);
    if (one === undefined)
      throw new Refused(good[0]?.certificate, 'binding-not-allowed', 'its authority lets administrators bind it alone');
    const bind = (
      user: User,
      { label, by }: { readonly label: string; readonly by: Principal | Actor },
    ): Promise<void> => bindTo(transaction, { ...needs, judge }, { good, one, user, label, by });
    return { one, bind };
  };

  /** Theirs, from the session that began it. */
  const ownAttempt = (by: Principal, purpose: { readonly userId: string; readonly sessionId: string }): string => {
    const sessionId = sessionIdOf(by);
    if (purpose.userId !== by.id || purpose.sessionId !== sessionId) throw attemptInvalid();
    return sessionId;
  };
  const activeUser = async (transaction: Transaction, by: Principal): Promise<User> => {
    const user = await needs.userStore.find(transaction, by.id);
    if (user === undefined) throw new IdentityError('session_not_found', 'Cannot go on: the session has ended');
    return user;
  };

  return {
    isOffered: async (client) => doorOf(client) !== undefined && (await needs.hasAuthority()),

    async departToSignIn({ ticket, returnPath, client }) {
      if (ticket !== undefined) await holderOf(database, ticket);
      return depart({ kind: 'sign-in', ...(ticket === undefined ? {} : { ticket }) }, { returnPath, client });
    },

    departToProve({ by, returnPath, client }) {
      return depart({ kind: 'step-up', userId: by.id, sessionId: sessionIdOf(by) }, { returnPath, client });
    },

    departToBind({ by, label, client }) {
      const sessionId = sessionIdOf(by);
      // What is opened with sealed codes is open for hours, not for whoever keeps a card.
      if (by.methods?.includes('sealed') === true)
        throw new IdentityError('certificate_unavailable', 'Cannot bind a certificate to this account: it is sealed');
      return depart({ kind: 'bind', userId: by.id, sessionId, label }, { returnPath: '/settings', client });
    },

    async departToEnrol({ enrolment, label, client }) {
      await needs.enrolment.certificateHolder(database, { enrolment, client });
      return depart({ kind: 'enrol', enrolment, label }, { returnPath: '/', client });
    },

    pass({ errand: sealed, attempt: cookie, presented }) {
      const errand = sealing.open('errand', sealed);
      if (errand === undefined)
        throw new IdentityError(
          'certificate_attempt_invalid',
          'Cannot ask for a certificate: this address is not one that the sign-in page made',
        );
      const back = (what: Readonly<Record<string, string>>): string =>
        `${errand.origin}${returnPage}#${new URLSearchParams({ for: errand.kind, ...what }).toString()}`;
      const attempt = sealing.open('attempt', cookie);
      const nowMs = clock.nowMs();
      // A link that somebody else sent makes nobody show their certificate for them.
      if (attempt === undefined || !isMark(errand.mark, attempt) || errand.expiresAtMs <= nowMs)
        return back({ problem: 'not-begun-here' });
      const { certificate } = presented;
      if (certificate === undefined) return back({ problem: 'none-shown' });
      const expiresAtMs = nowMs + showingMs;
      const shown = Buffer.from(certificate).toString('base64');
      if (shown.length > 12_000) return back({ problem: 'too-large' });
      const showing = { id: newText(16), mark: errand.mark, certificate: shown, expiresAtMs };
      return back({ ticket: sealing.seal('showing', showing) });
    },

    async signIn(brought) {
      const { client } = brought;
      const { purpose, returnPath, showing, der } = opened(brought, 'sign-in');
      const { ticket } = purpose;
      const holder = ticket === undefined ? undefined : (await holderOf(database, ticket)).user;
      const user = holder === undefined ? { name: 'certificate' } : { id: holder.id, name: holder.name };
      const admitted = await telling({ action: 'session.sign-in', client, user }, der, async (transaction) => {
        await spend(transaction, showing);
        const found = await owner(transaction, der, holder?.id);
        // As it is now: what was shown before may have been taken back meanwhile.
        const earlier = ticket === undefined ? { methods: [] } : (await holderOf(transaction, ticket)).shown;
        if (ticket !== undefined)
          await tickets.forget(transaction, { purpose: 'second-factor', userId: found.user.id });
        await needs.totp.forgetFailures(transaction, found.user.id);
        await noteUse(transaction, found);
        const shown = { ...earlier, methods: [...earlier.methods, 'certificate' as const] };
        const certificate = certificateDetails(found.by.certificate, 'accepted');
        return admission.admit(transaction, { user: found.user, shown, client, certificate });
      });
      return { admitted, returnPath };
    },

    async prove(brought) {
      const { by, client } = brought;
      const { purpose, returnPath, showing, der } = opened(brought, 'step-up');
      const sessionId = ownAttempt(by, purpose);
      const about = { action: 'session.step-up', client, user: { id: by.id, name: by.name }, sessionId } as const;
      const token = await telling(about, der, async (transaction) => {
        await spend(transaction, showing);
        const found = await owner(transaction, der, by.id);
        const roles = rolesAnywhereOf(by);
        if (!(await admission.proofs(transaction, { userId: by.id, roles, client })).includes('certificate'))
          throw new Refused(
            found.by.certificate,
            'proof-not-accepted',
            'what your account may do asks for another proof',
          );
        await needs.totp.forgetFailures(transaction, by.id);
        await noteUse(transaction, found);
        const certificate = certificateDetails(found.by.certificate, 'accepted');
        const done = { nowMs: clock.nowMs(), ...about, methods: ['certificate'], certificate };
        await outbox.record(transaction, authenticationEvent(done));
        return needs.sessions.renew(transaction, sessionId, { proof: { methods: ['certificate'], assurance: 3 } });
      });
      return { token, returnPath };
    },

    async bind(brought) {
      const { by, client } = brought;
      const { purpose, showing, der } = opened(brought, 'bind');
      const sessionId = ownAttempt(by, purpose);
      const about = { action: 'session.enrol', client, user: { id: by.id, name: by.name }, sessionId } as const;
      await telling(about, der, async (transaction) => {
        await spend(transaction, showing);
        const { bind } = await bindable(transaction, der);
        await bind(await activeUser(transaction, by), { label: purpose.label, by });
      });
    },

    async enrol(brought) {
      const { client } = brought;
      const { purpose, showing, der } = opened(brought, 'enrol');
      const { enrolment, label } = purpose;
      const { id, name } = await needs.enrolment.certificateHolder(database, { enrolment, client });
      return telling({ action: 'session.enrol', client, user: { id, name } }, der, async (transaction) => {
        await spend(transaction, showing);
        const { one, bind } = await bindable(transaction, der);
        return needs.enrolment.confirmCertificate(transaction, {
          enrolment,
          client,
          certificate: certificateDetails(one.certificate, 'accepted'),
          bind: (user) => bind(user, { label, by: { kind: 'user', id: user.id, name: user.name } }),
        });
      });
    },
  };
}

/** A path of this console, or its beginning: nothing that a browser could take for another site. */
function safePath(path: string): string {
  const base = 'https://console.invalid';
  if (!/^\/(?![/\\])[\x21-\x7e]{0,499}$/.test(path) || path.includes('\\') || !URL.canParse(path, base)) return '/';
  const { origin, pathname, search, hash } = new URL(path, base);
  return origin === base && !pathname.startsWith('//') ? `${pathname}${search}${hash}` : '/';
}

function isKind<Kind extends AttemptPurpose['kind']>(
  purpose: AttemptPurpose,
  kind: Kind,
): purpose is AttemptPurpose & { readonly kind: Kind } {
  return purpose.kind === kind;
}

function attemptInvalid(): IdentityError {
  return new IdentityError(
    'certificate_attempt_invalid',
    'Cannot go on: this was not begun in this browser, was used already, or took too long',
    { hint: 'start again' },
  );
}
