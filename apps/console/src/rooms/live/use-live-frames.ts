import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { cameraQuery, camerasQuery } from './camera-queries.ts';
import { createLiveFrames } from './live-frames.ts';
import type { LineState, LiveFrames } from './live-frames.ts';
import { decodeJpeg, openLine } from './open-line.ts';

export type BrowserFrames = LiveFrames<ImageBitmap>;

/** Who only glances elsewhere finds everything running. */
const restAfterMs = 3000;

/** The line of this page, open while the room is and somebody looks at it. Undefined for the first moment. */
export function useLiveFrames(): BrowserFrames | undefined {
  const [frames, setFrames] = useState<BrowserFrames>();
  const client = useQueryClient();
  useEffect(() => {
    let resting: ReturnType<typeof setTimeout> | undefined;
    const opened = createLiveFrames({
      open: openLine,
      decode: decodeJpeg,
      beforePaint: (paint) => void requestAnimationFrame(paint),
      later(run, afterMs) {
        const timer = setTimeout(run, afterMs);
        return () => clearTimeout(timer);
      },
      nowMs: () => performance.timeOrigin + performance.now(),
      onCameraState(camera) {
        void client.invalidateQueries({ queryKey: camerasQuery.queryKey, exact: true });
        void client.invalidateQueries({ queryKey: cameraQuery(camera).queryKey, exact: true });
      },
    });
    const look = (): void => {
      clearTimeout(resting);
      if (document.visibilityState === 'hidden') resting = setTimeout(opened.rest, restAfterMs);
      else opened.wake();
    };
    document.addEventListener('visibilitychange', look);
    setFrames(opened);
    return () => {
      clearTimeout(resting);
      document.removeEventListener('visibilitychange', look);
      opened.close();
    };
  }, [client]);
  return frames;
}

export function useLineState(frames: BrowserFrames | undefined): LineState {
  return useSyncExternalStore(frames?.onState ?? neverChanges, frames?.state ?? connecting);
}

const neverChanges = (): (() => void) => () => undefined;
const connecting = (): LineState => 'connecting';

/** The time by the server's clock, anew every half second: what is old has to be said without anything arriving. */
export function useServerNow(frames: BrowserFrames | undefined, everyMs = 500): number {
  const [nowMs, setNowMs] = useState(() => frames?.serverNowMs() ?? Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(frames?.serverNowMs() ?? Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [frames, everyMs]);
  return nowMs;
}
