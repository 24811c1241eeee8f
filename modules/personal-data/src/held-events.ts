import type { ShownHold } from '@sallyport/key-vault/server';
import { PersonalDataError } from './errors.ts';
import { eventsOf } from './events-of.ts';

/** Holds by this class are about recordings of cameras alone, which hold no events. */
const recordingsClass = 'recordings';

/**
 * A legal hold on days keeps what the events of those days say, names included. Throws `request_refused` when events sealed under
 * the keys were received on a day that is held. Which class they are of is not looked at: rather too much is kept than too little.
 */
export async function refuseHeldEvents(
  needs: Parameters<typeof eventsOf>[0],
  keyIds: ReadonlySet<string>,
  holds: readonly ShownHold[],
): Promise<void> {
  const ofDays = holds.flatMap(({ name, selector }) =>
    selector !== undefined && selector.classes.some((one) => one !== recordingsClass)
      ? [{ name, fromDay: selector.fromDay ?? '', toDay: selector.toDay ?? '9999-12-31' }]
      : [],
  );
  if (ofDays.length === 0) return;
  for await (const events of eventsOf(needs, keyIds)) {
    for (const day of new Set(events.map(({ receivedAtMs }) => new Date(receivedAtMs).toISOString().slice(0, 10)))) {
      const hold = ofDays.find(({ fromDay, toDay }) => day >= fromDay && day <= toDay);
      if (hold === undefined) continue;
      throw new PersonalDataError(
        'request_refused',
        `Cannot erase: the legal hold "${hold.name}" keeps ${day}, on which something was recorded under these names`,
        { hint: 'two people release a hold; ask again after that' },
      );
    }
  }
}
