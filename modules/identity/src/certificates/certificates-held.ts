import type { Database } from '@sallyport/platform/database';
import type { CertificateAbility } from '../admission/admission.ts';
import type { PeopleNeeds } from '../needs.ts';
import type { AuthorityStore } from './authority-store.ts';
import { certificateDoorFor } from './certificate-flow.ts';
import type { CertificateStore } from './certificate-store.ts';

/** Who has a certificate to sign in with, for who decides what somebody must show. */
export type CertificatesHeld = CertificateAbility & {
  /** Of one that is in force, under an authority that is enabled. */
  owners(where: Database): Promise<readonly string[]>;
};

export function createCertificatesHeld(
  needs: Pick<PeopleNeeds, 'clock' | 'certificateDoor'> & {
    readonly authorityStore: Pick<AuthorityStore, 'list'>;
    readonly certificateStore: Pick<CertificateStore, 'listOf' | 'listAll'>;
  },
): CertificatesHeld {
  const { clock, authorityStore, certificateStore } = needs;
  return {
    async of(where, userId, client) {
      const own = await certificateStore.listOf(where, userId);
      // One that cannot be used is still theirs: a password alone must not be enough to put another factor in its place.
      if (own.length === 0) return { certificate: false, certificateHere: false };
      if (certificateDoorFor(client, needs.certificateDoor) === undefined)
        return { certificate: true, certificateHere: false };
      const authorities = await authorityStore.list(where);
      const isUsable = own.some(
        ({ authorityId, validToMs }) =>
          clock.nowMs() <= validToMs &&
          authorities.some(({ id, settings }) => id === authorityId && settings.isEnabled),
      );
      return { certificate: true, certificateHere: isUsable };
    },

    async owners(where) {
      const all = await certificateStore.listAll(where);
      if (all.length === 0) return [];
      const enabled = new Set(
        (await authorityStore.list(where)).filter(({ settings }) => settings.isEnabled).map(({ id }) => id),
      );
      return all
        .filter(({ authorityId, validToMs }) => enabled.has(authorityId) && clock.nowMs() <= validToMs)
        .map(({ userId }) => userId);
    },
  };
}
