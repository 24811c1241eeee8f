import { ocsfClass, type JsonObject } from '@sallyport/contracts';
import { auditEvent, type AuditEvent } from '@sallyport/ledger';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { Notices } from '../codes/notices.ts';
import { accountEvent } from '../audit-record.ts';
import type { PeopleNeeds } from '../needs.ts';
import { isoTime } from '../sessions/session-format.ts';
import { stateOf, type UserStore } from '../people/user-store.ts';
import type { Authority } from './authority.ts';
import type { AuthorityStore } from './authority-store.ts';
import type { CertificateStore, PersonCertificate } from './certificate-store.ts';
import { issuerIdOf } from './certificate.ts';
import { endingOf, endingOfList, type Ending } from './ending.ts';

type Tables = {
  identity_certificate_warnings: {
    /** What it was about, and how far it was: hashes of keys, and codes over thumbprints. */
    readonly id: string;
    readonly told_at_ms: number;
  };
};

/**
 * Tells once of what ends soon, and once when it has: lists of revocations, certificates of authorities that are enabled, and those of
 * people. An event for each, and a word by e-mail to whom a certificate belongs, where they can be written to.
 */
export type CertificateWarnings = {
  /** To be called every hour or so, on every server: of all of them one tells. How many were told of. */
  look(onTrouble: (reason: string) => void): Promise<number>;
};

type Warning = {
  readonly id: string;
  readonly event: AuditEvent;
  /** To whom it belongs, of a certificate that ends soon. */
  readonly to?: { readonly userId: string; readonly label: string; readonly day: string };
};

const system = { kind: 'system', id: 'server', name: 'server' } as const;
/** Where all cards were given out on one day, the rest is told the next hour. */
const atOnce = 200;

export function createCertificateWarnings(
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock'> & {
    readonly authorityStore: Pick<AuthorityStore, 'list' | 'lists'>;
    readonly certificateStore: Pick<CertificateStore, 'listAll'>;
    readonly userStore: Pick<UserStore, 'list'>;
    readonly notices: Pick<Notices, 'post'>;
  },
): CertificateWarnings {
  const { database, outbox, clock, authorityStore } = needs;

  const ofAuthority = (
    { id: authorityId, settings }: Authority,
    what: { readonly id: string; readonly ending: Ending; readonly endsAtMs: number; readonly details: JsonObject },
    nowMs: number,
  ): Warning => ({
    id: `${what.id} ${what.ending}`,
    event: auditEvent({
      nowMs,
      actor: system,
      action: 'certificate-authority.ending',
      classUid: ocsfClass.entityManagement,
      activityId: 99,
      outcome: 'success',
      target: { type: 'certificate-authority', id: authorityId, name: settings.name },
      details: { ...what.details, state: what.ending, ends: isoTime(what.endsAtMs) },
    }),
  });

  const ofAuthorities = async (where: Database, nowMs: number): Promise<Warning[]> => {
    const lists = await authorityStore.lists(where);
    const warnings: Warning[] = [];
    for (const authority of await authorityStore.list(where)) {
      if (!authority.settings.isEnabled) continue;
      for (const one of authority.certificates) {
        const ending = endingOf(one.validToMs, 'authority', nowMs);
        const details = { of: 'authority', subject: one.shownSubject, thumbprint: one.thumbprint };
        const id = `authority ${authority.id} ${one.thumbprint}`;
        if (ending !== undefined)
          warnings.push(ofAuthority(authority, { id, ending, endsAtMs: one.validToMs, details }, nowMs));
        const issuerId = issuerIdOf(one);
        const list = lists.find((known) => known.authorityId === authority.id && known.issuerId === issuerId);
        if (list === undefined || authority.settings.revocation === 'none') continue;
        const listEnding = endingOfList(list, nowMs);
        const { nextUpdateMs } = list;
        const about = {
          id: `list ${authority.id} ${issuerId} ${nextUpdateMs}`,
          endsAtMs: nextUpdateMs,
          details: { of: 'list', issuer: one.shownSubject, when_stale: authority.settings.whenStale },
        };
        if (listEnding !== undefined) warnings.push(ofAuthority(authority, { ...about, ending: listEnding }, nowMs));
      }
    }
    return warnings;
  };

  const ofPeople = async (where: Database, nowMs: number): Promise<Warning[]> => {
    const ending = (await needs.certificateStore.listAll(where)).flatMap((one) => {
      const found = endingOf(one.validToMs, 'person', nowMs);
      return found === undefined ? [] : [{ one, found }];
    });
    if (ending.length === 0) return [];
    const users = new Map((await needs.userStore.list(where)).map((user) => [user.id, user]));
    return ending.flatMap(({ one, found }) => {
      const user = users.get(one.userId);
      if (user === undefined || stateOf(user) !== 'active') return [];
      const day = isoTime(one.validToMs).slice(0, 10);
      const event = accountEvent({
        nowMs,
        by: system,
        action: 'user.certificate-ending',
        user,
        details: { state: found, ends: isoTime(one.validToMs), certificate: detailsOf(one) },
      });
      const told: Warning = { id: `person ${one.id} ${found}`, event };
      return [found === 'soon' ? { ...told, to: { userId: user.id, label: one.label, day } } : told];
    });
  };

  const told = async (where: Database | Transaction): Promise<ReadonlySet<string>> => {
    const tables = where.withTables<Tables>();
    const rows = await tables.selectFrom('identity_certificate_warnings').select('id').execute();
    return new Set(rows.map(({ id }) => id));
  };

  return {
    async look(onTrouble) {
      const nowMs = clock.nowMs();
      const all = [...(await ofAuthorities(database, nowMs)), ...(await ofPeople(database, nowMs))];
      const before = await told(database);
      const ids = new Set(all.map(({ id }) => id));
      const over = [...before].filter((id) => !ids.has(id));
      if (over.length === 0 && all.every(({ id }) => before.has(id))) return 0;
      const fresh = await database.transaction().execute(async (transaction) => {
        const tables = transaction.withTables<Tables>();
        const known = await told(transaction);
        const now = all.filter(({ id }) => !known.has(id)).slice(0, atOnce);
        for (const { id, event } of now) {
          await tables.insertInto('identity_certificate_warnings').values({ id, told_at_ms: nowMs }).execute();
          await outbox.record(transaction, event);
        }
        // What was renewed or taken away is forgotten, so that this does not grow.
        for (const id of over.slice(0, atOnce))
          await tables.deleteFrom('identity_certificate_warnings').where('id', '=', id).execute();
        return now;
      });
      await outbox.flushed();
      for (const { id, to } of fresh) {
        if (to === undefined) continue;
        needs.notices.post({
          userId: to.userId,
          key: `certificate ${id}`,
          subject: 'Your certificate expires soon',
          text: (organization) =>
            `The certificate or smart card "${to.label}", which you sign in to ${organization} with, expires on ${to.day}. Ask whoever gave it to you for the next one, and add it under Settings, Account, before that day.`,
          onTrouble,
        });
      }
      return fresh.length;
    },
  };
}

function detailsOf({ subject, issuer, serial, thumbprint }: PersonCertificate): JsonObject {
  return { subject, issuer, serial, thumbprint };
}
