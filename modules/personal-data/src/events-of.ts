import { isSealedBody } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import type { Ledger, LedgerEvent } from '@sallyport/ledger';
import { keyIdsOf } from './open-body.ts';
import { bucketEntries } from './subject-store.ts';
import type { SubjectStore } from './subject-store.ts';

const maxEvents = 4096;
const maxBytes = 8 * 1024 * 1024;

/**
 * The events sealed under any of the keys, as they are stored, in the order of the ledger. Reads the stretches of the ledger in which one
 * of them was used.
 */
export async function* eventsOf(
  needs: { readonly ledger: Pick<Ledger, 'read' | 'head'>; readonly store: Pick<SubjectStore, 'places'> },
  keyIds: ReadonlySet<string>,
): AsyncGenerator<readonly LedgerEvent[]> {
  for (const { log, bucket } of await needs.store.places([...keyIds])) {
    const end = (bucket + 1) * bucketEntries;
    for (let from: Position = { log, index: bucket * bucketEntries }; from.log === log && from.index < end;) {
      const range = await needs.ledger.read(from, { maxEvents, maxBytes, until: { log, index: end } });
      const found = range.events.filter(({ position, body }) => {
        if (body === undefined || !isSealedBody(body) || position.index >= end) return false;
        return [...keyIdsOf(Buffer.from(body).toString('utf8'))].some((id) => keyIds.has(id));
      });
      if (found.length > 0) yield found;
      const isDone = range.to.log !== log || range.to.index <= from.index;
      if (isDone) break;
      from = range.to;
    }
  }
}
