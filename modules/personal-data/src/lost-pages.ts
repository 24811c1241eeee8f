import { ocsfClass } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Actor, AuditEvent } from '@sallyport/ledger';
import { PersonalDataError } from './errors.ts';
import type { PersonalDataNeeds } from './needs.ts';

/** Pages of subjects' keys that are in neither copy of the vault: said once each when they go, and when they are back. */
export type LostPages = {
  look(): Promise<void>;
  /** As of the last look. */
  count(): number;
};

const itself: Actor = { kind: 'server', id: 'personal-data', name: 'Personal data' };

export function createLostPages(needs: {
  readonly keys: Pick<PersonalDataNeeds['keys'], 'lost'>;
  readonly nowMs: () => number;
  readonly log: PersonalDataNeeds['log'];
  /** Durable when it resolves. */
  readonly record: (event: AuditEvent) => Promise<void>;
}): LostPages {
  let known: ReadonlySet<string> = new Set();

  const say = async (page: string, isLost: boolean): Promise<void> => {
    if (isLost) needs.log.error('A page of people’s keys is in neither copy of the vault', { page });
    await needs.record(
      auditEvent({
        nowMs: needs.nowMs(),
        actor: itself,
        action: isLost ? 'personal_data.page_lost' : 'personal_data.page_back',
        classUid: ocsfClass.entityManagement,
        activityId: 99,
        outcome: isLost ? 'failure' : 'success',
        target: { type: 'key', id: page },
      }),
    );
  };

  return {
    async look() {
      const lost = new Set(await needs.keys.lost());
      for (const page of lost.difference(known)) await say(page, true);
      for (const page of known.difference(lost)) await say(page, false);
      known = lost;
    },
    count: () => known.size,
  };
}

/** What lies on a page that is lost would come back with it. */
export async function refuseLost({ keys }: Pick<PersonalDataNeeds, 'keys'>): Promise<void> {
  const [page] = await keys.lost();
  if (page === undefined) return;
  throw new PersonalDataError(
    'request_refused',
    `Cannot erase: page ${page} of people’s keys is in neither copy of the vault`,
    {
      hint: `put it back from the archive, or have two people destroy its key: sallyport vault destroy ${page}`,
    },
  );
}
