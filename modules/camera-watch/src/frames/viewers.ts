import { isJsonObject, parseJson, type JsonObject, type JsonValue } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import type { MessageSocket, SocketListener } from '@sallyport/platform/http';
import type { CameraState } from '../cameras/activity.ts';
import { CameraWatchError } from '../errors.ts';
import type { Every, Sight } from '../needs.ts';
import { numberIn } from './device-message.ts';
import type { Frame } from './frame.ts';
import type { FrameHub } from './frame-hub.ts';
import { encodeMessage } from './message-codec.ts';

/** Whoever watches the wall: for each camera at most one picture is under way, and the newest comes after it. */
export type Viewers = {
  /** `mayWatch` is asked again for each picture: a camera may be moved while it is watched. */
  open(socket: MessageSocket, mayWatch?: (cameraId: string) => boolean): SocketListener;
  /** To those who watch the camera: its row is another one now. */
  tellState(cameraId: string, state: CameraState): void;
  close(): void;
};

const maxWatched = 64;
const maxPerSecond = 30;
const maxTextLength = 16_384;
/** A picture that was not shown after so long will not be: the page was asleep. */
const shownWithinMs = 10_000;
const maxWaitingBytes = 2 * 1024 * 1024;
const lookMs = 100;

type Watched = {
  readonly intervalMs: number;
  /** Sent and not shown yet. */
  underWay: number | undefined;
  sentSequence: number;
  sentAtMs: number;
};

type Viewer = {
  readonly socket: MessageSocket;
  readonly watched: Map<string, Watched>;
  readonly mayWatch: (cameraId: string) => boolean;
};

type ViewerNeeds = {
  readonly hub: FrameHub;
  readonly clock: Clock;
  readonly every: Every;
  /** What was made out in the newest picture that was judged. */
  readonly sight: (cameraId: string) => Sight | undefined;
};

export function createViewers(needs: ViewerNeeds): Viewers {
  const { hub, clock } = needs;
  const viewers = new Set<Viewer>();

  function show({ socket, watched, mayWatch }: Viewer, cameraId: string): void {
    const entry = watched.get(cameraId);
    const frame = hub.latest(cameraId);
    if (entry === undefined || frame === undefined || frame.sequence === entry.sentSequence) return;
    const sinceMs = clock.monotonicMs() - entry.sentAtMs;
    const isFree = entry.underWay === undefined || sinceMs > shownWithinMs;
    if (!isFree || sinceMs < entry.intervalMs || socket.waitingBytes() > maxWaitingBytes) return;
    // As for a camera that does not exist: nothing comes.
    if (!mayWatch(cameraId)) return;
    entry.underWay = frame.sequence;
    entry.sentSequence = frame.sequence;
    entry.sentAtMs = clock.monotonicMs();
    socket.send(encodeMessage({ header: headerOf(frame, needs.sight(cameraId), clock.nowMs()), payload: frame.jpeg }));
  }

  const unsubscribe = hub.subscribe(({ cameraId }) => {
    for (const viewer of viewers) show(viewer, cameraId);
  });
  // For those who may have the next one now though none has come since.
  const stop = needs.every(lookMs, () => {
    for (const viewer of viewers) for (const cameraId of viewer.watched.keys()) show(viewer, cameraId);
  });

  return {
    open(socket, mayWatch = () => true) {
      const viewer: Viewer = { socket, watched: new Map(), mayWatch };
      viewers.add(viewer);
      return {
        text(text) {
          const message = parseViewerMessage(text);
          if (message?.type === 'watch') {
            for (const id of viewer.watched.keys()) if (!message.cameras.has(id)) viewer.watched.delete(id);
            for (const [id, perSecond] of message.cameras) {
              const before = viewer.watched.get(id) ?? { underWay: undefined, sentSequence: 0, sentAtMs: -1e9 };
              viewer.watched.set(id, { ...before, intervalMs: 1000 / perSecond });
              show(viewer, id);
            }
          } else if (message?.type === 'clock') {
            socket.send(JSON.stringify({ type: 'clock', t0: message.t0, t1: clock.nowMs() }));
          } else if (message?.type === 'shown') {
            const entry = viewer.watched.get(message.camera);
            if (entry?.underWay !== message.sequence) return;
            entry.underWay = undefined;
            show(viewer, message.camera);
          }
        },
        bytes() {
          throw new CameraWatchError('message_invalid', 'Cannot read the message: must be text');
        },
        closed: () => viewers.delete(viewer),
      };
    },
    tellState(cameraId, state) {
      for (const { socket, watched, mayWatch } of viewers)
        if (watched.has(cameraId) && mayWatch(cameraId) && socket.waitingBytes() <= maxWaitingBytes)
          socket.send(JSON.stringify({ type: 'state', camera: cameraId, state }));
    },
    close() {
      unsubscribe();
      stop();
    },
  };
}

function headerOf(frame: Frame, sight: Sight | undefined, nowMs: number): JsonObject {
  return {
    camera: frame.cameraId,
    sequence: frame.sequence,
    captured_ms: frame.capturedMs,
    ...(frame.isCaptureUnknown === true ? { at_arrival: true } : {}),
    sent_ms: nowMs,
    objects: (sight?.objects ?? []).slice(0, 20).map(({ label, score, box, track }) => ({
      label,
      score: round(score),
      box: box.map(round),
      track,
    })),
    ...(sight === undefined ? {} : { objects_sequence: sight.sequence }),
    ...(sight?.tampered === undefined ? {} : { tampered: sight.tampered }),
  };
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

type ViewerMessage =
  | { readonly type: 'watch'; readonly cameras: ReadonlyMap<string, number> }
  | { readonly type: 'clock'; readonly t0: number }
  | { readonly type: 'shown'; readonly camera: string; readonly sequence: number };

/** Throws `CameraWatchError` `message_invalid`. Of a type we do not know: undefined. */
export function parseViewerMessage(text: string): ViewerMessage | undefined {
  const message = readObject(text);
  if (message['type'] === 'shown') {
    const { camera, sequence } = message;
    if (typeof camera !== 'string' || typeof sequence !== 'number') throw invalid('"shown" names camera and sequence');
    return { type: 'shown', camera, sequence };
  }
  if (message['type'] === 'clock') return { type: 'clock', t0: numberIn(message, 't0', 0, 8.64e15) };
  if (message['type'] !== 'watch') return undefined;
  const { cameras } = message;
  if (!Array.isArray(cameras) || cameras.length > maxWatched) throw invalid(`"cameras" must be at most ${maxWatched}`);
  return { type: 'watch', cameras: new Map(cameras.map(readWatched)) };
}

function readWatched(entry: JsonValue): [string, number] {
  if (!isJsonObject(entry)) throw invalid('a camera is an object');
  const { id, per_second: perSecond = 10 } = entry;
  if (typeof id !== 'string' || id.length > 64 || typeof perSecond !== 'number' || !(perSecond > 0))
    throw invalid('a camera has an id and "per_second" above 0');
  return [id, Math.min(perSecond, maxPerSecond)];
}

function readObject(text: string): JsonObject {
  let value: JsonValue;
  try {
    value = text.length > maxTextLength ? null : parseJson(text);
  } catch (cause) {
    throw invalid('it is no JSON', cause);
  }
  if (!isJsonObject(value)) throw invalid('it is no JSON object');
  return value;
}

function invalid(why: string, cause?: unknown): CameraWatchError {
  return new CameraWatchError('message_invalid', `Cannot read the message: ${why}`, { cause });
}
