import { isJsonObject, ocsfClass } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import type { AppendEntry, Ledger } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Every } from './needs.ts';

/** Looks this often whether a window is over of which nobody has heard. */
const everyMs = 1_000;
/** After a word that closed nothing, as while ledger time does not follow a clock that jumped, the next comes so much later, twice as late each time. */
const firstPauseMs = 5_000;
const longestPauseMs = 600_000;

/**
 * Windows close by ledger time, and that moves with events alone. On a silent system this appends one, when a window is over by the clock and everything in the ledger was looked at: whoever
 * reads the ledger again, after a crash or a restore, closes the same windows at the same place. No window that is over, no word.
 * Returns a function that ends it.
 */
export function startWindowClock(needs: {
  readonly every: Every;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly ledger: Pick<Ledger, 'append' | 'head'>;
  /** Whether a window would be over if an event came at this ledger time. */
  readonly wouldClose: (receivedAtMs: number) => boolean;
  readonly isCaughtUp: () => boolean;
}): () => void {
  let pauseMs = firstPauseMs;
  let notBeforeMs = -Infinity;
  let isAppending = false;

  async function look(): Promise<void> {
    const nowMs = needs.clock.nowMs();
    // Ledger time is whole seconds, rounded down.
    if (!needs.wouldClose(Math.floor(nowMs / 1_000) * 1_000)) {
      pauseMs = firstPauseMs;
      notBeforeMs = -Infinity;
      return;
    }
    if (!needs.isCaughtUp() || (nowMs < notBeforeMs && notBeforeMs <= nowMs + longestPauseMs)) return;
    const { log, index } = needs.ledger.head();
    await needs.ledger.append({
      collector: 'detection',
      priority: 'control',
      retention: 'findings',
      // Two looks at the same head are one word.
      entries: [clockEntry(nowMs, `detection-clock/${log}`, index)],
    });
    // Said is said: what the ledger did not take is tried again at the next look.
    notBeforeMs = nowMs + pauseMs;
    pauseMs = Math.min(longestPauseMs, 2 * pauseMs);
  }

  return needs.every(everyMs, () => {
    if (isAppending) return;
    isAppending = true;
    look()
      // A ledger that takes nothing is everybody's trouble and told elsewhere; the next look tries again.
      .catch(() => undefined)
      .finally(() => {
        isAppending = false;
      });
  });
}

const eventCode = 'detection.window-over';

/**
 * Whether the event only says that time went on. Rules do not see it: a rule that matches everything would open a window with it, which would be over
 * in its turn, and so on for ever. Of events without `raw_data` alone, which nobody sends.
 */
export function isClockEvent(event: JsonObject): boolean {
  const metadata = event['metadata'];
  return event['class_uid'] === ocsfClass.baseEvent && isJsonObject(metadata) && metadata['event_code'] === eventCode;
}

/** An event of our own that says nothing but that time went on: Base Event (0). */
function clockEntry(nowMs: number, stream: string, sequence: number): AppendEntry {
  const body = {
    class_uid: ocsfClass.baseEvent,
    category_uid: 0,
    activity_id: 99,
    type_uid: 99,
    severity_id: 1,
    time: nowMs,
    message: 'Time went on: a window of a correlation is over',
    metadata: {
      version: '1.8.0',
      product: { name: 'Sallyport', vendor_name: 'Sallyport' },
      log_name: 'detection',
      event_code: eventCode,
    },
    unmapped: { sallyport: { generation: 0 } },
  };
  return { classUid: ocsfClass.baseEvent, body: new TextEncoder().encode(JSON.stringify(body)), stream, sequence };
}
