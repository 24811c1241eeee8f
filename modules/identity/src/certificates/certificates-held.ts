import type { Database, Transaction } from '@sallyport/platform/database';
import type { CertificateAbility } from '../admission/admission.ts';
import type { PeopleNeeds } from '../needs.ts';
import type { CertificateCheck } from './certificate-check.ts';
import { certificateDoorFor } from './certificate-door.ts';
import type { CertificateStore, PersonCertificate } from './certificate-store.ts';

/** Who has a certificate to sign in with, for who decides what somebody must show. */
export type CertificatesHeld = CertificateAbility & {
  /** Whose certificate would let them in now; and whose may, as far as one that was kept in part by a version before can tell. */
  owners(
    where: Database | Transaction,
    among: readonly string[],
  ): Promise<{ readonly now: ReadonlySet<string>; readonly perhaps: ReadonlySet<string> }>;
};

/** More than these are looked for all at once. */
const singly = 20;
/** So many certificates are verified before others get their turn. */
const atOnce = 50;

export function createCertificatesHeld(
  needs: Pick<PeopleNeeds, 'certificateDoor'> & {
    readonly certificateStore: Pick<CertificateStore, 'listOf' | 'listAll'>;
    readonly check: Pick<CertificateCheck, 'at'>;
  },
): CertificatesHeld {
  const { certificateStore, check } = needs;
  return {
    async of(where, userId, client) {
      const own = await certificateStore.listOf(where, userId);
      // One that cannot be used is still theirs: a password alone must not be enough to put another factor in its place.
      const certificate = own.length > 0;
      if (certificateDoorFor(client, needs.certificateDoor) === undefined)
        return { certificate, certificateHere: false, certificateBindable: false };
      const judge = check.at(where);
      let certificateHere = false;
      for (const one of own) {
        const trouble = await judge.troubleOf(one);
        // What cannot be told without the card is asked of it.
        certificateHere ||= trouble === undefined || trouble === 'not-kept-whole';
      }
      const all = await judge.authorities();
      const certificateBindable = all.some(({ settings }) => settings.isEnabled && settings.allowsBinding);
      return { certificate, certificateHere, certificateBindable };
    },

    async owners(where, among) {
      const wanted = new Set(among);
      const rows: PersonCertificate[] = [];
      if (wanted.size > singly)
        rows.push(...(await certificateStore.listAll(where)).filter(({ userId }) => wanted.has(userId)));
      else for (const userId of wanted) rows.push(...(await certificateStore.listOf(where, userId)));
      const judge = check.at(where);
      const [now, perhaps] = [new Set<string>(), new Set<string>()];
      for (const [at, row] of rows.entries()) {
        if (now.has(row.userId)) continue;
        const trouble = await judge.troubleOf(row);
        if (trouble === undefined) now.add(row.userId);
        else if (trouble === 'not-kept-whole') perhaps.add(row.userId);
        if (at % atOnce === atOnce - 1) await new Promise((resolve) => setImmediate(resolve));
      }
      return { now, perhaps };
    },
  };
}
