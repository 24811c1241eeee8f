import type { PersonalDataHealth, PersonalDataNeeds, RequestNeeds } from '@sallyport/personal-data';
import { createPersonalData, createPersonalDataRoutes, createSubjectHoldRoutes } from '@sallyport/personal-data';
import type { SubjectKeys } from '@sallyport/key-vault/server';
import { openEvidence } from '@sallyport/ledger';
import type { EvidenceOpenings, LedgerClient } from '@sallyport/ledger';
import type { RoutePlugin } from '@sallyport/platform/http';
import { secretKey } from './secret-key.ts';
import { secretNames } from './secret-names.ts';

export type PersonalDataServices = {
  /** The ledger as everybody is to have it: names are sealed on their way in and opened on their way out. */
  readonly ledger: LedgerClient;
  /** What the sealed texts of a body say, for evidence. */
  openings(marked: string): Promise<EvidenceOpenings>;
  health(): PersonalDataHealth;
  begin(needs: RequestNeeds): { readonly routes: readonly RoutePlugin[]; close(): Promise<void> };
};

/** Between the ledger's process and everything that appends to it or reads it. */
export async function createPersonalDataServices(
  needs: Omit<PersonalDataNeeds, 'ledger' | 'keys' | 'indexKey'> & {
    readonly ledger: LedgerClient;
    readonly subjects: SubjectKeys;
  },
): Promise<PersonalDataServices> {
  const { ledger } = needs;
  const indexKey = await secretKey(ledger.secrets, secretNames.personalIndex);
  const personal = await createPersonalData({ ...needs, keys: needs.subjects, indexKey });
  return {
    ledger: {
      ...ledger,
      append: (batch) => personal.ledger.append(batch),
      read: (from, limits) => personal.ledger.read(from, limits),
      prove: async (position) => openEvidence(await ledger.prove(position), (marked) => personal.openings(marked)),
    },
    openings: (marked) => personal.openings(marked),
    health: () => personal.health(),
    begin(requestNeeds) {
      const service = personal.serve(requestNeeds);
      const routes = [createPersonalDataRoutes(service), createSubjectHoldRoutes(service.requests.holds)];
      return { routes, close: () => service.requests.close() };
    },
  };
}
