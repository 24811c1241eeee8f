import { pictureAt, pictureBeside, segmentFor } from './playback.ts';
import type { Recording } from './playback.ts';

export type PlayerSegment = { readonly start_ms: number; readonly end_ms: number };

export type PlayerState = {
  readonly atMs: number;
  readonly isPlaying: boolean;
  readonly isLoading: boolean;
  readonly speed: number;
  /** Of the recording that is open. */
  readonly hasSound: boolean;
  /** Passed over on the way here, where nothing is recorded. */
  readonly skipped: { readonly fromMs: number; readonly toMs: number } | undefined;
  readonly problem: unknown;
};

export type PlayerNeeds<Picture> = {
  /** Keeps what it fetched: it is asked for the next recording before that is needed. */
  readonly load: (segment: PlayerSegment) => Promise<Recording>;
  readonly decode: (jpeg: Uint8Array<ArrayBuffer>) => Promise<Picture>;
  readonly show: (picture: Picture) => void;
  /** A recording plays from a moment on, at normal speed; undefined for silence. */
  readonly sound: (playing: { readonly recording: Recording; readonly atMs: number } | undefined) => void;
  readonly beforePaint: (paint: () => void) => void;
  readonly nowMs: () => number;
  readonly onState: (state: PlayerState) => void;
};

export type Player = {
  /** What there is to play, in the order of time. */
  readonly setSegments: (segments: readonly PlayerSegment[]) => void;
  readonly seek: (atMs: number) => void;
  readonly play: () => void;
  readonly pause: () => void;
  readonly setSpeed: (speed: number) => void;
  readonly step: (by: 1 | -1) => void;
  readonly close: () => void;
};

/** A jump over less than this is no gap worth a word. */
const skipWordMs = 1500;

/**
 * Plays recordings one after the other: the moment runs with the clock, the last picture taken by then is shown, the next
 * recording is fetched before it is needed, and where nothing was recorded it goes on with what comes next and says so.
 */
export function createPlayer<Picture>(needs: PlayerNeeds<Picture>): Player {
  let segments: readonly PlayerSegment[] = [];
  let state: PlayerState = {
    atMs: 0,
    isPlaying: false,
    isLoading: false,
    speed: 1,
    hasSound: false,
    skipped: undefined,
    problem: null,
  };
  let open: { readonly segment: PlayerSegment; readonly recording: Recording } | undefined;
  /** The request whose answer counts; every seek makes a newer one. */
  let asked = 0;
  let since = { realMs: 0, atMs: 0 };
  let shownMs: number | undefined;
  let isDecoding = false;
  let isClosed = false;
  let isDue = false;
  /** The moment asked for comes after everything there is. */
  let isBehindLast = false;
  /** It was to play what is only being recorded. */
  let isPlayWanted = false;

  const become = (change: Partial<PlayerState>): void => {
    state = { ...state, ...change };
    if (!isClosed) needs.onState(state);
  };
  const mark = (): void => {
    since = { realMs: needs.nowMs(), atMs: state.atMs };
  };
  const tellSound = (): void => {
    const isAudible = state.isPlaying && state.speed === 1 && open !== undefined && open.recording.sounds.length > 0;
    needs.sound(isAudible && open !== undefined ? { recording: open.recording, atMs: state.atMs } : undefined);
  };
  const showNow = async (): Promise<void> => {
    if (isDecoding || open === undefined) return;
    const picture = pictureAt(open.recording.pictures, state.atMs);
    if (picture === undefined || picture.atMs === shownMs) return;
    isDecoding = true;
    shownMs = picture.atMs;
    try {
      const decoded = await needs.decode(picture.jpeg);
      if (!isClosed) needs.show(decoded);
    } catch {
      // One broken picture is passed over, as it was when it was live.
    }
    isDecoding = false;
    // Another moment was chosen meanwhile.
    if (!state.isPlaying) void showNow();
  };
  const openAt = async (atMs: number): Promise<void> => {
    asked += 1;
    const request = asked;
    const segment = segmentFor(segments, atMs);
    isBehindLast = segment === undefined;
    if (segment === undefined) {
      open = undefined;
      become({ atMs, isPlaying: false, isLoading: false, hasSound: false });
      tellSound();
      return;
    }
    const startMs = Math.max(atMs, segment.start_ms);
    const skipped = startMs - atMs > skipWordMs ? { fromMs: atMs, toMs: startMs } : undefined;
    become({
      atMs: startMs,
      isLoading: open?.segment !== segment,
      problem: null,
      ...(skipped === undefined ? {} : { skipped }),
    });
    try {
      const recording = await needs.load(segment);
      if (request !== asked || isClosed) return;
      open = { segment, recording };
      shownMs = undefined;
      become({ isLoading: false, hasSound: recording.sounds.length > 0 });
      mark();
      tellSound();
      void showNow();
      tickSoon();
    } catch (problem) {
      if (request !== asked || isClosed) return;
      open = undefined;
      become({ isLoading: false, isPlaying: false, problem });
      tellSound();
    }
  };
  const tick = (): void => {
    isDue = false;
    if (isClosed || !state.isPlaying || state.isLoading || open === undefined) return;
    const atMs = since.atMs + (needs.nowMs() - since.realMs) * state.speed;
    const endMs = open.segment.end_ms;
    if (atMs >= endMs) {
      void openAt(endMs);
      // At the newest of all it goes on by itself once more is sealed.
      isPlayWanted = isBehindLast;
      return;
    }
    become({ atMs });
    const next = segmentFor(segments, endMs);
    // Fetched by the time it is needed, also at ten times the speed.
    if (next !== undefined && endMs - atMs < 4000 * state.speed) needs.load(next).catch(() => undefined);
    void showNow();
    tickSoon();
  };
  const tickSoon = (): void => {
    if (isDue || !state.isPlaying) return;
    isDue = true;
    needs.beforePaint(tick);
  };
  const isIn = (atMs: number): boolean =>
    open !== undefined && atMs >= open.segment.start_ms && atMs < open.segment.end_ms;
  const goTo = (atMs: number): void => {
    if (!isIn(atMs)) {
      void openAt(atMs);
      return;
    }
    become({ atMs });
    mark();
    tellSound();
    void showNow();
  };

  return {
    setSegments(next) {
      segments = next;
      // What was waited for has been sealed meanwhile.
      const segment = segmentFor(segments, state.atMs);
      if (isBehindLast && segment !== undefined && segment.start_ms - state.atMs < skipWordMs) {
        if (isPlayWanted) become({ isPlaying: true });
        isPlayWanted = false;
        void openAt(state.atMs);
      }
    },
    seek(atMs) {
      isPlayWanted = false;
      become({ skipped: undefined });
      goTo(atMs);
    },
    play() {
      become({ isPlaying: true, skipped: undefined });
      mark();
      if (open === undefined || !isIn(state.atMs)) {
        void openAt(state.atMs);
        isPlayWanted = isBehindLast;
      } else {
        tellSound();
        tickSoon();
      }
    },
    pause() {
      isPlayWanted = false;
      become({ isPlaying: false });
      tellSound();
    },
    setSpeed(speed) {
      become({ speed });
      mark();
      tellSound();
    },
    step(by) {
      isPlayWanted = false;
      become({ isPlaying: false });
      tellSound();
      if (open === undefined) return;
      const beside = pictureBeside(open.recording.pictures, state.atMs, by);
      if (beside !== undefined) {
        become({ atMs: beside.atMs });
        void showNow();
        return;
      }
      const at = segments.indexOf(open.segment);
      const next = segments[at + by];
      if (next !== undefined) void openAt(by === 1 ? next.start_ms : next.end_ms - 1);
    },
    close() {
      isClosed = true;
      needs.sound(undefined);
    },
  };
}
