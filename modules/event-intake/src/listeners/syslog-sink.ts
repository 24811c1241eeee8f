import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError, codeOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import type { EventBytes } from '../event-bytes.ts';
import type { EventIntake } from '../event-intake.ts';
import { ownerOf, sourceNameOf } from './sender.ts';
import type { Sender } from './sender.ts';

/** Counted since the server started. */
export type ListenerCounts = {
  /** Messages that are durable. */
  accepted: number;
  /** Messages that were given up: over UDP there was no room or they were too many, or the server stopped. */
  dropped: number;
  /** Messages of senders that sent too fast: taken, and the next had to wait; over UDP dropped. */
  overRate: number;
  /** Senders that may not send, or too many at once. */
  refused: number;
};

/** Takes messages of one sender to the ledger. */
export type SyslogSink = {
  /**
   * Resolves when all are durable; while the ledger is behind it waits. False when it was stopped before, or when the source is
   * over its limits and `overLimit` says that nobody waits for that: whoever shares a queue would wait with it.
   */
  deliver(
    sender: Sender,
    events: readonly EventBytes[],
    zoneMinutes: number,
    overLimit?: 'wait' | 'drop',
  ): Promise<boolean>;
};

const maxSources = 1000;
const othersName = 'others';
const retryMs = 1000;
/** Limits are asked after no sooner than they say, and so often at least, as somebody may raise them. */
const longestRetryMs = 10_000;

export function createSyslogSink(needs: {
  readonly intake: Pick<EventIntake, 'acceptEvents'>;
  readonly log: Log;
  readonly signal: AbortSignal;
}): SyslogSink {
  const names = new Set<string>();

  function sourceOf(sender: Sender): string {
    const name = sourceNameOf(sender);
    const known = `${sender.kind}/${name}`;
    if (!names.has(known) && names.size >= maxSources) return othersName;
    names.add(known);
    return name;
  }

  return {
    async deliver(sender, events, zoneMinutes, overLimit = 'wait') {
      const { address } = sender;
      let source = sourceOf(sender);
      let left = events;
      while (left.length > 0) {
        if (needs.signal.aborted) return false;
        try {
          await needs.intake.acceptEvents({
            principal: ownerOf(sender),
            source,
            reading: { format: 'syslog', zoneMinutes, host: address },
            events: left,
          });
          return true;
        } catch (error) {
          const code = codeOf(error);
          if (code === 'intake_closed') return false;
          const isOverLimit =
            code === 'source_rate_exceeded' ||
            code === 'source_quota_exceeded' ||
            (code === 'too_many_sources' && source === othersName);
          if (isOverLimit && overLimit === 'drop') return false;
          if (code === 'too_many_sources' && source !== othersName) source = othersName;
          else needs.log.warn('Syslog messages wait', { address, code: code ?? 'internal', messages: left.length });
          // What is durable is not sent again.
          const { next_sequence: next, retryAfterSeconds } = error instanceof CodedError ? error.details : {};
          if (typeof next === 'number') left = left.slice(next);
          const waitMs = typeof retryAfterSeconds === 'number' ? retryAfterSeconds * 1000 : retryMs;
          await sleep(Math.min(waitMs, longestRetryMs), undefined, { signal: needs.signal }).catch(() => undefined);
        }
      }
      return true;
    },
  };
}
