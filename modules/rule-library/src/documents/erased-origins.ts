import { comparePositions, formatPosition } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import type { Ledger } from '@sallyport/ledger';
import { codeOf } from '@sallyport/platform/errors';
import type { RuleTest } from './document.ts';
import { RuleDocumentError } from './errors.ts';

/** Whether the ledger has an event at the position, and its body still. */
async function isHeld(ledger: Pick<Ledger, 'read'>, position: Position): Promise<boolean> {
  const { events } = await ledger
    .read(position, { maxEvents: 1, maxBytes: 1, until: { log: position.log, index: position.index + 1 } })
    .catch((error: unknown) => {
      if (codeOf(error) === 'not_found' || codeOf(error) === 'erased') return { events: [] };
      throw error;
    });
  return events.some((event) => comparePositions(event.position, position) === 0 && event.body !== undefined);
}

/** An editor that was open while events were erased has them still. Throws `RuleDocumentError` `rule_document_invalid` for a test of such. */
export async function refuseErased(ledger: Pick<Ledger, 'head' | 'read'>, tests: readonly RuleTest[]): Promise<void> {
  for (const [place, { origin }] of tests.entries()) {
    if (origin === undefined || comparePositions(origin, ledger.head()) >= 0) continue;
    if (await isHeld(ledger, origin)) continue;
    throw new RuleDocumentError(
      'rule_document_invalid',
      `Cannot take test ${place + 1}: the event it was made from, ${formatPosition(origin)}, was erased`,
      { hint: 'delete the test' },
    );
  }
}
