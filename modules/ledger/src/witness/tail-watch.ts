import type { Clock } from '@sallyport/platform/clock';
import type { LedgerClient } from '../ledger-client.ts';
import type { WitnessAlarms } from './witness-alarms.ts';
import { witnessEvent } from './witness-events.ts';
import type { QuorumCheckpoint, WitnessPolicy } from './witness-store.ts';

/** Entries of the newest log that no quorum covers; whoever owns this host can still rewrite them unnoticed. */
export type Tail = {
  readonly entries: number;
  /** Ledger time of the first of them; undefined without any. */
  readonly sinceMs: number | undefined;
  readonly ageMs: number;
  readonly isTooOld: boolean;
};

/** How old the unwitnessed end is, and the alarm when it grows too old. */
export function createTailWatch(needs: {
  readonly ledger: Pick<LedgerClient, 'head' | 'read'>;
  readonly clock: Clock;
  readonly alarms: WitnessAlarms;
  readonly quorum: (log: number) => Promise<QuorumCheckpoint | undefined>;
}): { look(policy: WitnessPolicy): Promise<Tail>; watch(policy: WitnessPolicy): Promise<void> } {
  const { ledger, clock, alarms } = needs;
  let first: { readonly log: number; readonly size: number; readonly sinceMs: number } | undefined;

  async function look(policy: WitnessPolicy): Promise<Tail> {
    const { log, index } = ledger.head();
    const covered = (await needs.quorum(log))?.size ?? 0;
    if (index <= covered) return { entries: 0, sinceMs: undefined, ageMs: 0, isTooOld: false };
    if (first?.log !== log || first.size !== covered) {
      const { events } = await ledger.read({ log, index: covered }, { maxEvents: 1, maxBytes: 1 });
      const [event] = events;
      if (event !== undefined) first = { log, size: covered, sinceMs: event.receivedAtMs };
    }
    const sinceMs = first?.log === log && first.size === covered ? first.sinceMs : undefined;
    const ageMs = sinceMs === undefined ? 0 : Math.max(0, clock.nowMs() - sinceMs);
    return { entries: index - covered, sinceMs, ageMs, isTooOld: ageMs > policy.tailLimitMs };
  }

  return {
    look,
    async watch(policy) {
      const { entries, sinceMs, isTooOld } = await look(policy);
      const about = `log ${ledger.head().log}`;
      if (!isTooOld) {
        await alarms.settle('tail', (details) =>
          witnessEvent(clock.nowMs(), {
            action: 'ledger.tail-witnessed',
            about,
            message: 'The end of the ledger is witnessed again',
            details,
          }),
        );
        return;
      }
      const since = new Date(sinceMs ?? 0).toISOString();
      await alarms.raise(
        'tail',
        { since },
        witnessEvent(clock.nowMs(), {
          action: 'ledger.tail-unwitnessed',
          about,
          message: `No quorum of witnesses has seen the ledger since ${since}: ${entries} entries could still be rewritten unnoticed by whoever owns this host`,
          details: { since, entries, limit_minutes: Math.round(policy.tailLimitMs / 60_000) },
        }),
      );
    },
  };
}
