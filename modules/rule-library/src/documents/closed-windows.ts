import type { createCorrelations, EventOutcome } from '@sallyport/detection';
import type { LedgerEvent } from '@sallyport/ledger';

/** Moves time on to the event; ids of the correlations that came true because a window is over. */
export function closedBy(
  correlations: Pick<ReturnType<typeof createCorrelations>, 'begin' | 'goOn'>,
  event: LedgerEvent,
  outcome: EventOutcome,
): string[] {
  let gone = correlations.begin(event, outcome);
  const ids = gone.closed.map(({ correlationId }) => correlationId);
  while (gone.more) {
    gone = correlations.goOn();
    ids.push(...gone.closed.map(({ correlationId }) => correlationId));
  }
  return ids;
}
