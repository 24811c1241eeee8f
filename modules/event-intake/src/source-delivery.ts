import { createDelivery, withNextSequence } from './delivery.ts';
import type { Delivered, Delivery } from './delivery.ts';
import { emptySummary } from './sources/batch-summary.ts';
import type { SourceOwner, Sources } from './sources/sources.ts';
import type { SourceFigures } from './sources/source-figures.ts';
import { sourceOf } from './who-sends.ts';
import type { WhoSends } from './who-sends.ts';

type Sent = Pick<Delivered, 'accepted' | 'alreadyKnown' | 'keptRaw' | 'runs' | 'reasons'> & {
  readonly isIdempotent: boolean;
};

/**
 * Takes what `send` delivers to the ledger as events of one source, and counts what became durable however it ends. A source
 * over its limits is refused before anything is sent; `send` returns how many bytes it was. Throws `source_rate_exceeded`, `source_quota_exceeded`,
 * `too_many_sources`, and what `send` and the ledger throw, with the sequence from which to send again.
 */
export type SourceDelivery = (
  from: WhoSends & { readonly principal: SourceOwner },
  firstSequence: number | undefined,
  send: (delivery: Pick<Delivery, 'deliver' | 'finish'>) => Promise<number>,
) => Promise<Sent>;

export function createSourceDelivery(
  needs: Parameters<typeof createDelivery>[0] & {
    readonly sources: Pick<Sources, 'open'>;
    /** Of all sources together. */
    readonly totals: Pick<SourceFigures, 'receive'>;
    readonly random: (length: number) => Uint8Array;
    readonly retentionOf?: (source: string) => string | undefined;
  },
): SourceDelivery {
  return async (from, firstSequence, send) => {
    const name = sourceOf(from);
    const source = await needs.sources.open(from.principal, name);
    source.admit();
    const stream = `${from.principal.id}/${name}`;
    const isIdempotent = firstSequence !== undefined;
    const delivery = createDelivery(needs, {
      collector: `intake/${name}`,
      // A stream of its own: these sequences must never meet those of a numbered request.
      stream: isIdempotent ? stream : `${stream}/${Buffer.from(needs.random(16)).toString('hex')}`,
      firstSequence: firstSequence ?? 0,
      retention: needs.retentionOf?.(name),
    });
    const deliver: Delivery['deliver'] = (request) => {
      source.spend(request.ends.length);
      const site = source.site();
      return delivery.deliver(site === undefined ? request : { ...request, site });
    };
    let bytes: number | undefined;
    try {
      bytes = await send({ deliver, finish: delivery.finish });
    } catch (error) {
      throw withNextSequence(error, delivery);
    } finally {
      const { accepted, alreadyKnown, reasonCounts, summary, bytes: durableBytes } = delivery.delivered;
      // What is sent again is no sign of life and counts once; its bytes were sent all the same.
      const isNew = accepted > alreadyKnown;
      const received = {
        accepted: accepted - alreadyKnown,
        bytes: bytes ?? durableBytes,
        keptRaw: isNew ? reasonCounts : new Map<string, number>(),
        summary: isNew ? summary : emptySummary,
      };
      needs.totals.receive(received);
      // What is in the ledger is acknowledged, whether or not this can be kept: the next delivery keeps it again.
      await source.received(received).catch(() => undefined);
    }
    const { accepted, alreadyKnown, keptRaw, runs, reasons } = delivery.delivered;
    return { accepted, alreadyKnown, keptRaw, runs, reasons, isIdempotent };
  };
}
