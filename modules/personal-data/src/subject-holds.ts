import { ocsfClass } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import type { ShownHold } from '@sallyport/key-vault/server';
import { auditEvent } from '@sallyport/ledger';
import type { Actor } from '@sallyport/ledger';
import { PersonalDataError } from './errors.ts';
import { eventsOf } from './events-of.ts';
import { createHoldStore } from './hold-store.ts';
import type { Identifier } from './identifiers.ts';
import type { PersonalDataNeeds, RequestNeeds } from './needs.ts';
import type { SubjectDirectory } from './subject-directory.ts';
import type { SubjectStore } from './subject-store.ts';

export type SubjectHold = {
  readonly hold: ShownHold;
  /** Undefined when the keys are gone all the same, or the control database was lost. */
  readonly about: readonly Identifier[] | undefined;
};

export type HoldRequest = {
  readonly about: readonly Identifier[];
  /** What people know the case by. Readable to whoever sees holds, and in the audit trail: not the person's name. */
  readonly name: string;
  readonly reason: string;
  /** Whether the days on which something was recorded of them are kept too, all of each day. */
  readonly withDays: boolean;
  readonly actor: Actor;
};

/**
 * A legal hold on one person. What is sealed of them stays readable as long as the days it stands on are kept: nobody erases
 * them, whoever signs. The days go by their policies all the same, unless they are held with them. Their keys lie on a page of
 * their own, which the vault keeps: nobody else's erasure waits for it.
 */
export type SubjectHolds = {
  /** Throws `subject_unknown`, `request_refused`, and what the vault refuses. */
  place(request: HoldRequest): Promise<SubjectHold>;
  list(): Promise<readonly SubjectHold[]>;
  /** Throws `request_refused` when a hold keeps one of these keys. */
  refuseHeld(keyIds: ReadonlySet<string>): Promise<void>;
};

export function createSubjectHolds(
  needs: PersonalDataNeeds &
    RequestNeeds & {
      readonly store: SubjectStore;
      readonly directory: SubjectDirectory;
      readonly keyIdsOf: (about: readonly Identifier[]) => Promise<readonly string[]>;
      readonly seal: (about: readonly Identifier[], keyIds: readonly string[]) => Promise<string>;
      readonly readSealed: (sealed: string) => Promise<readonly Identifier[] | undefined>;
    },
): SubjectHolds {
  const { database, outbox, clock, destructions } = needs;
  const holds = createHoldStore(database);

  /** Days on which something was received that is sealed under the keys. */
  async function daysOf(keyIds: readonly string[]): Promise<ReadonlySet<string>> {
    const days = new Set<string>();
    for await (const events of eventsOf(needs, new Set(keyIds)))
      for (const { receivedAtMs } of events) days.add(new Date(receivedAtMs).toISOString().slice(0, 10));
    return days;
  }

  return {
    async place({ about, name, reason, withDays, actor }) {
      if (destructions === undefined)
        throw new PersonalDataError('request_refused', 'Cannot hold: keys cannot be destroyed here, nor kept');
      const keyIds = await needs.keyIdsOf(about);
      if (keyIds.length === 0)
        throw new PersonalDataError('subject_unknown', 'Cannot hold this: nothing is sealed under these names', {
          hint: 'place a hold on classes and days instead: what is not sealed under a name is kept by its day',
        });
      const pages = await needs.directory.setApart(keyIds);
      const days = withDays ? await needs.dayKeys(await daysOf(keyIds)) : [];
      const sealed = await needs.seal(about, keyIds);
      const hold = await destructions.placeHold({ name, reason, keyIds: [...pages, ...days] }, actor.id);
      const details: JsonObject = { reason, keys: keyIds.length, days: days.length };
      const event = auditEvent({
        nowMs: clock.nowMs(),
        actor,
        action: 'personal_data.held',
        classUid: ocsfClass.entityManagement,
        activityId: 99,
        outcome: 'success',
        target: { type: 'hold', id: hold.id },
        details,
      });
      await database.transaction().execute(async (transaction) => {
        await holds.add(transaction, { id: hold.id, keyIds, sealed });
        await outbox.record(transaction, event);
      });
      await outbox.flushed();
      return { hold, about };
    },
    async list() {
      const inForce = new Map(((await destructions?.holds()) ?? []).map((hold) => [hold.id, hold]));
      const found: SubjectHold[] = [];
      for (const { id, sealed } of await holds.list()) {
        const hold = inForce.get(id);
        if (hold !== undefined) found.push({ hold, about: await needs.readSealed(sealed) });
      }
      return found;
    },
    async refuseHeld(keyIds) {
      const inForce = new Map(((await destructions?.holds()) ?? []).map((hold) => [hold.id, hold]));
      for (const stored of await holds.list()) {
        const hold = inForce.get(stored.id);
        if (hold === undefined || !stored.keyIds.some((id) => keyIds.has(id))) continue;
        throw new PersonalDataError(
          'request_refused',
          `Cannot erase: the legal hold "${hold.name}" keeps this person`,
          {
            hint: 'two people release a hold; ask again after that',
          },
        );
      }
    },
  };
}
