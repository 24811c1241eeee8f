import { isSealedBody } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import type { Ledger, LedgerEvent } from '@sallyport/ledger';
import { keyIdsOf } from './open-body.ts';
import { bucketEntries } from './subject-store.ts';
import type { SubjectStore } from './subject-store.ts';

const maxEvents = 4096;
const maxBytes = 8 * 1024 * 1024;

type Needs = {
  readonly ledger: Pick<Ledger, 'read' | 'head'>;
  readonly store: Pick<SubjectStore, 'places' | 'byKey'>;
};

/**
 * The events sealed under any of the keys, as they are stored, in the order of the ledger. Reads the stretches of the ledger in which one
 * of them was used; all of it for a key that was learnt from the vault, as after the control database was lost: where that one was
 * used nobody wrote down.
 */
export async function* eventsOf(needs: Needs, keyIds: ReadonlySet<string>): AsyncGenerator<readonly LedgerEvent[]> {
  const isSealedUnder = ({ body }: LedgerEvent): boolean =>
    body !== undefined &&
    isSealedBody(body) &&
    [...keyIdsOf(Buffer.from(body).toString('utf8'))].some((id) => keyIds.has(id));

  const rows = await needs.store.byKey([...keyIds]);
  if (rows.some(({ madeAtMs }) => madeAtMs === 0)) {
    const head = needs.ledger.head();
    let from: Position = { log: 1, index: 0 };
    while (isBefore(from, head)) {
      const range = await needs.ledger.read(from, { maxEvents, maxBytes });
      const found = range.events.filter((event) => isSealedUnder(event));
      if (found.length > 0) yield found;
      if (!isBefore(from, range.to)) return;
      from = range.to;
    }
    return;
  }
  for (const { log, bucket } of await needs.store.places([...keyIds])) {
    const end = (bucket + 1) * bucketEntries;
    for (let from: Position = { log, index: bucket * bucketEntries }; from.log === log && from.index < end;) {
      const range = await needs.ledger.read(from, { maxEvents, maxBytes, until: { log, index: end } });
      const found = range.events.filter((event) => event.position.index < end && isSealedUnder(event));
      if (found.length > 0) yield found;
      const isDone = range.to.log !== log || range.to.index <= from.index;
      if (isDone) break;
      from = range.to;
    }
  }
}

function isBefore(one: Position, other: Position): boolean {
  return one.log < other.log || (one.log === other.log && one.index < other.index);
}
