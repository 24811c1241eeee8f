import type { Clock } from '@sallyport/platform/clock';
import type { Goodbye } from '../frames/device-message.ts';
import type { FrameHub } from '../frames/frame-hub.ts';

/** `waiting`: something is connected and sends no pictures. */
export type CameraState = 'live' | 'waiting' | 'offline';

export type StateChange = {
  readonly cameraId: string;
  readonly from: CameraState;
  readonly to: CameraState;
  readonly atMs: number;
};

export type Activity = {
  readonly state: CameraState;
  readonly sinceMs: number;
  /** Pictures a second over the last five. */
  readonly perSecond: number;
  /** From capture to arrival, of the newest picture; undefined without one, and where nobody told when it was taken. */
  readonly latencyMs: number | undefined;
  readonly lastFrameMs: number | undefined;
  /** What it said when it stopped; of what is offline without a word undefined. */
  readonly why: Goodbye | undefined;
};

/** How each camera does, from what comes through the hub and whether its sender is there. */
export type Activities = {
  of(cameraId: string): Activity;
  /** Looks at these cameras, and tells of those whose state is another than the last time. */
  look(cameraIds: Iterable<string>): void;
  /** It said that it stops: it is not waited for. */
  end(cameraId: string, why: Goodbye): void;
  onChange(listener: (change: StateChange) => void): () => void;
  forget(cameraId: string): void;
  close(): void;
};

const liveForMs = 5000;
const windowMs = 5000;

type Entry = {
  /** Monotonic, of the window. */
  arrivals: number[];
  lastFrameMs: number | undefined;
  latencyMs: number | undefined;
  state: CameraState;
  sinceMs: number;
  why: Goodbye | undefined;
};

export function createActivities(needs: {
  readonly hub: FrameHub;
  readonly clock: Clock;
  readonly isConnected: (cameraId: string) => boolean;
}): Activities {
  const { clock } = needs;
  const entries = new Map<string, Entry>();
  const listeners = new Set<{ readonly hear: (change: StateChange) => void }>();

  const entryOf = (cameraId: string): Entry => {
    const known = entries.get(cameraId);
    if (known !== undefined) return known;
    const made: Entry = {
      arrivals: [],
      lastFrameMs: undefined,
      latencyMs: undefined,
      state: 'offline',
      sinceMs: clock.nowMs(),
      why: undefined,
    };
    entries.set(cameraId, made);
    return made;
  };

  function judge(cameraId: string, entry: Entry): void {
    const nowMs = clock.monotonicMs();
    entry.arrivals = entry.arrivals.filter((atMs) => nowMs - atMs < windowMs);
    const quietMs = nowMs - (entry.arrivals.at(-1) ?? Number.NEGATIVE_INFINITY);
    const to = quietMs < liveForMs ? 'live' : needs.isConnected(cameraId) ? 'waiting' : 'offline';
    if (to !== 'offline') entry.why = undefined;
    if (to === entry.state) return;
    const from = entry.state;
    entry.state = to;
    entry.sinceMs = clock.nowMs();
    for (const { hear } of listeners) hear({ cameraId, from, to, atMs: entry.sinceMs });
  }

  const unsubscribe = needs.hub.subscribe((frame) => {
    const entry = entryOf(frame.cameraId);
    entry.arrivals.push(clock.monotonicMs());
    entry.lastFrameMs = frame.receivedMs;
    entry.latencyMs = frame.isCaptureUnknown === true ? undefined : Math.round(frame.receivedMs - frame.capturedMs);
    judge(frame.cameraId, entry);
  });

  return {
    of(cameraId) {
      const entry = entryOf(cameraId);
      judge(cameraId, entry);
      const { lastFrameMs, latencyMs, arrivals, state, sinceMs, why } = entry;
      return {
        state,
        sinceMs,
        perSecond: Math.round((arrivals.length / (windowMs / 1000)) * 10) / 10,
        latencyMs,
        lastFrameMs,
        why,
      };
    },
    look(cameraIds) {
      for (const cameraId of cameraIds) judge(cameraId, entryOf(cameraId));
    },
    end(cameraId, why) {
      const entry = entryOf(cameraId);
      entry.arrivals = [];
      entry.why = why;
      judge(cameraId, entry);
    },
    onChange(listener) {
      const entry = { hear: listener };
      listeners.add(entry);
      return () => listeners.delete(entry);
    },
    forget: (cameraId) => void entries.delete(cameraId),
    close: unsubscribe,
  };
}
