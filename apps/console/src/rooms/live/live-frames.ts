import { fieldsOf, readLiveFrame } from './live-wire.ts';
import type { LiveFrame } from './live-wire.ts';
import { createServerClock } from './server-clock.ts';

export type FrameWish = {
  readonly camera: string;
  /** At most so many pictures a second. */
  readonly perSecond: number;
};

export type LineState = 'connecting' | 'open' | 'resting' | 'cut';

/** What a browser gives: handed in, so that the pipeline can be tested without one. */
export type LiveFramesNeeds<Picture extends { close(): void }> = {
  readonly open: () => LineSocket;
  readonly decode: (jpeg: Uint8Array<ArrayBuffer>) => Promise<Picture>;
  /** Calls back before the next repaint, or never while nobody looks at the page. */
  readonly beforePaint: (paint: () => void) => void;
  readonly later: (run: () => void, afterMs: number) => () => void;
  readonly nowMs: () => number;
  /** A camera that is watched went live, silent or off. */
  readonly onCameraState?: (camera: string) => void;
};

/** The part of a WebSocket that is used. */
export type LineSocket = {
  readonly send: (text: string) => void;
  readonly close: () => void;
  onOpen: () => void;
  onMessage: (data: unknown) => void;
  onClose: () => void;
};

export type LiveFrames<Picture> = {
  /** Shows the pictures of a camera from now on; the picture is closed when the next one was shown. Ends by the answer. */
  readonly watch: (wish: FrameWish, show: (picture: Picture, frame: LiveFrame) => void) => () => void;
  /** Lets go of the line while nobody looks, and takes it up again. */
  readonly rest: () => void;
  readonly wake: () => void;
  readonly close: () => void;
  readonly state: () => LineState;
  readonly onState: (listener: () => void) => () => void;
  readonly serverNowMs: () => number;
};

type Viewer<Picture> = { readonly wish: FrameWish; readonly show: (picture: Picture, frame: LiveFrame) => void };
type Slot<Picture> = {
  readonly viewers: Set<Viewer<Picture>>;
  isDecoding: boolean;
  /** Newest that arrived while another was decoded; the one before it is gone. */
  waiting: LiveFrame | undefined;
  decoded: { readonly picture: Picture; readonly frame: LiveFrame } | undefined;
  shown: Picture | undefined;
};

const retryAfterMs = [500, 1000, 2000, 5000, 10_000];
/** Soon after the start, when the page is busiest, one answer tells little. */
const askClockAfterMs = [300, 1000, 3000, 20_000];

/**
 * One line for every picture of the page. A picture is asked for when the one before it was painted, so nothing piles up
 * anywhere: at most one of a camera is on its way, one is decoded, one waits to be painted, and what is newer takes the
 * place of what is older. A page nobody looks at paints nothing and therefore asks for nothing.
 */
export function createLiveFrames<Picture extends { close(): void }>(
  needs: LiveFramesNeeds<Picture>,
): LiveFrames<Picture> {
  const slots = new Map<string, Slot<Picture>>();
  const listeners = new Set<() => void>();
  const clock = createServerClock(needs.nowMs);
  let socket: LineSocket | undefined;
  let state: LineState = 'connecting';
  let refusals = 0;
  let isPaintDue = false;
  let cancelRetry = (): void => undefined;
  let cancelWish = (): void => undefined;
  let cancelClock = (): void => undefined;

  const become = (next: LineState): void => {
    if (next === state) return;
    state = next;
    for (const listener of listeners) listener();
  };
  const tell = (message: object): void => {
    if (state === 'open') socket?.send(JSON.stringify(message));
  };
  // Also for what was thrown away: the server sends the next one only then.
  const tellShown = ({ camera, sequence }: LiveFrame): void => tell({ type: 'shown', camera, sequence });
  const tellWishes = (): void => {
    const cameras = [...slots].map(([id, { viewers }]) => {
      const wishes = [...viewers].map(({ wish }) => wish);
      return {
        id,
        per_second: Math.max(...wishes.map(({ perSecond }) => perSecond)),
      };
    });
    tell({ type: 'watch', cameras });
  };
  // Many tiles come and go in one turn; the server is told once.
  const tellWishesSoon = (): void => {
    cancelWish();
    cancelWish = needs.later(tellWishes, 0);
  };
  const askClock = (times = 0): void => {
    tell({ type: 'clock', t0: needs.nowMs() });
    cancelClock();
    const waitMs = askClockAfterMs[Math.min(times, askClockAfterMs.length - 1)] ?? 0;
    cancelClock = needs.later(() => askClock(times + 1), waitMs);
  };

  const paint = (): void => {
    isPaintDue = false;
    for (const slot of slots.values()) {
      const { decoded } = slot;
      if (decoded === undefined) continue;
      slot.decoded = undefined;
      for (const { show } of slot.viewers) show(decoded.picture, decoded.frame);
      slot.shown?.close();
      slot.shown = decoded.picture;
      tellShown(decoded.frame);
    }
  };
  const paintSoon = (): void => {
    if (isPaintDue) return;
    isPaintDue = true;
    needs.beforePaint(paint);
  };
  const decode = async (slot: Slot<Picture>, frame: LiveFrame): Promise<void> => {
    slot.isDecoding = true;
    try {
      const picture = await needs.decode(frame.jpeg);
      slot.decoded?.picture.close();
      slot.decoded = undefined;
      if (slots.get(frame.camera) === slot) {
        slot.decoded = { picture, frame };
        paintSoon();
      } else {
        picture.close();
        tellShown(frame);
      }
    } catch {
      // What is no picture is passed over, and the next one asked for.
      tellShown(frame);
    }
    slot.isDecoding = false;
    const { waiting } = slot;
    slot.waiting = undefined;
    if (waiting !== undefined) void decode(slot, waiting);
  };
  const take = (data: unknown): void => {
    if (typeof data === 'string') {
      const message = parsed(data);
      const [asked, answered] = [message.get('t0'), message.get('t1')];
      if (message.get('type') === 'clock' && typeof asked === 'number' && typeof answered === 'number')
        clock.answered(asked, answered);
      const camera = message.get('camera');
      if (message.get('type') === 'state' && typeof camera === 'string') needs.onCameraState?.(camera);
      return;
    }
    const frame = data instanceof ArrayBuffer ? readLiveFrame(data) : undefined;
    const slot = frame === undefined ? undefined : slots.get(frame.camera);
    if (frame === undefined) return;
    if (slot === undefined) {
      tellShown(frame);
      return;
    }
    clock.arrived(frame.sentMs);
    if (slot.isDecoding) slot.waiting = frame;
    else void decode(slot, frame);
  };
  const connect = (): void => {
    const opened = needs.open();
    socket = opened;
    opened.onOpen = () => {
      refusals = 0;
      become('open');
      tellWishes();
      askClock();
    };
    opened.onMessage = take;
    opened.onClose = () => {
      if (socket !== opened) return;
      socket = undefined;
      cancelClock();
      become('cut');
      cancelRetry = needs.later(connect, retryAfterMs[Math.min(refusals, retryAfterMs.length - 1)] ?? 0);
      refusals += 1;
    };
  };
  const disconnect = (next: LineState): void => {
    cancelRetry();
    cancelClock();
    const closing = socket;
    socket = undefined;
    closing?.close();
    become(next);
  };
  const forget = (camera: string, slot: Slot<Picture>): void => {
    slots.delete(camera);
    slot.shown?.close();
    if (slot.decoded === undefined) return;
    slot.decoded.picture.close();
    tellShown(slot.decoded.frame);
  };
  connect();

  return {
    watch(wish, show) {
      const viewer = { wish, show };
      const slot = slots.get(wish.camera) ?? {
        viewers: new Set<Viewer<Picture>>(),
        isDecoding: false,
        waiting: undefined,
        decoded: undefined,
        shown: undefined,
      };
      slots.set(wish.camera, slot);
      slot.viewers.add(viewer);
      tellWishesSoon();
      return () => {
        slot.viewers.delete(viewer);
        if (slot.viewers.size === 0 && slots.get(wish.camera) === slot) forget(wish.camera, slot);
        tellWishesSoon();
      };
    },
    rest: () => disconnect('resting'),
    wake() {
      if (socket !== undefined) return;
      cancelRetry();
      become('connecting');
      connect();
    },
    close() {
      cancelWish();
      disconnect('resting');
      for (const [camera, slot] of slots) forget(camera, slot);
    },
    state: () => state,
    onState(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    serverNowMs: clock.nowMs,
  };
}

function parsed(text: string): ReadonlyMap<string, unknown> {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return new Map();
  }
}
