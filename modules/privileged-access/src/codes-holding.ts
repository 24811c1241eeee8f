import { breakGlassParts } from './break-glass-parts.ts';
import type { Parts } from './parts.ts';
import { ourselves, privilegeEntityEvent } from './privilege-audit.ts';

/** What sealed codes open stands on a roll of its own: see roll.ts. */
type CodesHolding = {
  /** At a start, before anything is opened. */
  resume(): Promise<void>;
  /** Finds out that the database was set back. Rejects when it cannot be written. */
  sweep(): Promise<void>;
};

export function createCodesHolding(withoutTables: Parts): CodesHolding {
  const parts = breakGlassParts(withoutTables);
  const { database, outbox, clock, codesRoll, table, kept, people } = parts;

  /**
   * Codes that were good when the database was as it is now may have been used since: none opens anything until it is sealed anew.
   * At the first start with a roll, accounts of an earlier version are taken over, once: not one that stands for somebody who holds
   * something, which no account does that was prepared.
   */
  async function beginAnew(isFirst: boolean): Promise<void> {
    const holders = isFirst ? new Set(await holdersOfSomething()) : new Set<string>();
    await database.transaction().execute(async (transaction) => {
      const anew = await codesRoll.beginAnew(transaction);
      if (anew === undefined) return;
      if (isFirst) {
        const passkeys = await kept.list(transaction);
        await table.takeOver(transaction, {
          isOwn: (userId) => !holders.has(userId),
          passkeysOf: (id) => passkeys.filter(({ accountId }) => accountId === id),
        });
        return;
      }
      if ((await table.list(transaction)).every(({ retiredAtMs }) => retiredAtMs !== undefined)) return;
      await outbox.record(
        transaction,
        privilegeEntityEvent({
          nowMs: clock.nowMs(),
          by: ourselves,
          action: 'privilege.set-back',
          outcome: 'failure',
          target: { type: 'privilege-roll', id: 'codes', name: 'accounts that sealed codes open' },
          details: { found: anew.found, last: anew.last },
        }),
      );
    });
    await codesRoll.settle();
  }

  async function holdersOfSomething(): Promise<string[]> {
    const ids: string[] = [];
    for (const userId of await database
      .transaction()
      .execute((transaction) => table.userIdsOfEarlierForm(transaction))) {
      const holder = await people.find(userId);
      if (holder !== undefined && holder.roles.length + (holder.siteRoles?.length ?? 0) > 0) ids.push(userId);
    }
    return ids;
  }

  return {
    async resume() {
      const begun = await codesRoll.begin();
      if (begun !== 'known') await beginAnew(begun === 'first');
      else
        await database.transaction().execute(async (transaction) => {
          const passkeys = await kept.list(transaction);
          await table.sealTimes(transaction, (id) => passkeys.filter(({ accountId }) => accountId === id));
        });
      await codesRoll.settle();
    },

    async sweep() {
      if ((await codesRoll.look()) !== 'set-back') return;
      await beginAnew(false);
      await outbox.flushed();
    },
  };
}
