import { Readable } from 'node:stream';
import { alertJson } from './alert.ts';
import type { Alert } from './alert.ts';
import { AlertError } from './errors.ts';
import type { Every } from './needs.ts';

export type AlertStreamsNeeds = {
  alertsAfter(after: number, limit: number): Promise<readonly Alert[]>;
  /** The number of the newest announcement so far, 0 when there is none. */
  newestNumber(): Promise<number>;
  readonly every: Every;
  readonly maxStreams: number;
  readonly streamBuffer: number;
};

/** Server-sent events (WHATWG HTML, section 9.2), one stream a reader. */
export type AlertStreams = {
  /**
   * Every alert announced under a number over `after`, or from now on, in order and without a gap, until the reader leaves.
   * The stream fetches only what its reader takes; one that takes nothing for two heartbeats is told so and ended,
   * and may resume. One caller cannot take all places. Throws `AlertError` `alert_streams_exhausted`.
   */
  open(after: number | undefined, callerId: string, isShown?: (alert: Alert) => boolean): Promise<Readable>;
  /** There are new alerts. */
  wake(): void;
  count(): number;
  close(): void;
};

const heartbeatMs = 15_000;
const pageSize = 50;
/** Of all places, one caller gets a quarter at most. */
const shareOfCaller = 4;

export function createAlertStreams(needs: AlertStreamsNeeds): AlertStreams {
  const streams = new Set<{ wake(): void; end(): void; readonly callerId: string }>();
  const maxOfCaller = Math.ceil(needs.maxStreams / shareOfCaller);

  async function open(
    after: number | undefined,
    callerId: string,
    isShown: (alert: Alert) => boolean = () => true,
  ): Promise<Readable> {
    const own = [...streams].filter((stream) => stream.callerId === callerId).length;
    if (streams.size >= needs.maxStreams || own >= maxOfCaller) {
      throw new AlertError(
        'alert_streams_exhausted',
        `Cannot open an alert stream: ${streams.size} are open, ${own} by this caller, must be under ${needs.maxStreams} and ${maxOfCaller}`,
      );
    }
    let last = after ?? 0;
    let wanted = false;
    let pumping = false;
    let woken = false;
    let missedBeats = 0;

    const stream = new Readable({
      highWaterMark: needs.streamBuffer,
      encoding: 'utf8',
      read() {
        wanted = true;
        void pump();
      },
      destroy(error, done) {
        stopBeating();
        streams.delete(entry);
        done(error);
      },
    });
    const entry = {
      callerId,
      wake() {
        woken = true;
        void pump();
      },
      end: () => stream.destroy(),
    };

    async function pump(): Promise<void> {
      if (pumping || !ready) return;
      pumping = true;
      try {
        while (wanted && !isOver(stream)) {
          woken = false;
          const page = await needs.alertsAfter(last, pageSize);
          if (page.length === 0 && !woken) break;
          for (const alert of page) {
            if (isOver(stream)) return;
            if (isShown(alert)) wanted = stream.push(frame(alert));
            last = alert.announcement;
          }
        }
      } catch (error) {
        stream.destroy(error instanceof Error ? error : new TypeError('alerts could not be read'));
      } finally {
        pumping = false;
      }
    }

    function beat(): void {
      missedBeats = stream.readableLength > 0 ? missedBeats + 1 : 0;
      if (missedBeats > 2) stream.destroy();
      if (isOver(stream)) return;
      if (missedBeats === 2) {
        stream.push(': reader too slow, resume with Last-Event-ID\n\n');
        stream.push(null);
      } else if (missedBeats === 0) stream.push(': heartbeat\n\n');
    }

    // The place is taken before anything is awaited: opening at once cannot pass the limit.
    let ready = false;
    streams.add(entry);
    const stopBeating = needs.every(heartbeatMs, beat);
    stream.push(': alerts follow\n\n');
    try {
      last = after ?? (await needs.newestNumber());
    } catch (error) {
      stream.destroy();
      throw error;
    }
    ready = true;
    return stream;
  }

  return {
    open,
    wake() {
      for (const stream of streams) stream.wake();
    },
    count: () => streams.size,
    close() {
      for (const stream of streams) stream.end();
    },
  };
}

function isOver(stream: Readable): boolean {
  return stream.destroyed || stream.readableEnded || stream.readableAborted;
}

/** JSON has no line ends outside its strings, and escapes those inside: one `data` line holds it. */
function frame(alert: Alert): string {
  return `id: ${alert.announcement}\nevent: alert\ndata: ${JSON.stringify(alertJson(alert))}\n\n`;
}
