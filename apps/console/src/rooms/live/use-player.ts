import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { RefObject } from 'react';
import { callBytes } from '../../api/call.ts';
import { decodeJpeg } from './open-line.ts';
import { paintPicture } from './paint-picture.ts';
import { readRecording } from './playback.ts';
import type { Recording } from './playback.ts';
import { createPlayer } from './player.ts';
import type { Player, PlayerSegment, PlayerState } from './player.ts';
import { createSegmentSound } from './segment-sound.ts';

/** Recordings are large; a few are enough to go back and forth. */
const keptForMs = 60_000;

type PictureSize = { readonly width: number; readonly height: number };

/** A player on a canvas. Undefined for the first moment. */
export function usePlayer(
  camera: string,
  canvas: RefObject<HTMLCanvasElement | null>,
): {
  readonly player: Player | undefined;
  readonly state: PlayerState | undefined;
  readonly setSoundOn: (on: boolean) => void;
  /** Of the pictures. */ readonly size: PictureSize | undefined;
} {
  const queries = useQueryClient();
  const [made, setMade] = useState<Player>();
  const [state, setState] = useState<PlayerState>();
  const [size, setSize] = useState<PictureSize>();
  const setSound = useRef<(on: boolean) => void>(() => undefined);
  useEffect(() => {
    let last: ImageBitmap | undefined;
    const sound = createSegmentSound();
    setSound.current = sound.setOn;
    const repaint = (): void => {
      const element = canvas.current;
      if (element === null) return;
      const scale = window.devicePixelRatio;
      element.width = Math.round(element.clientWidth * scale);
      element.height = Math.round(element.clientHeight * scale);
      if (last !== undefined) paintPicture(element, last, { objects: [], scale, lagMs: 0 });
    };
    const player = createPlayer<ImageBitmap>({
      load: (segment) =>
        queries.query({
          queryKey: ['cameras', 'segment', camera, segment.start_ms],
          queryFn: ({ signal }) => fetchRecording(camera, segment, signal),
          staleTime: Infinity,
          gcTime: keptForMs,
          retry: 1,
        }),
      decode: decodeJpeg,
      show(picture) {
        last?.close();
        last = picture;
        setSize((before) =>
          before?.width === picture.width && before.height === picture.height
            ? before
            : { width: picture.width, height: picture.height },
        );
        repaint();
      },
      sound: sound.play,
      beforePaint: (paint) => void requestAnimationFrame(paint),
      nowMs: () => performance.now(),
      onState: setState,
    });
    const observer = new ResizeObserver(repaint);
    if (canvas.current !== null) observer.observe(canvas.current);
    setMade(player);
    return () => {
      observer.disconnect();
      player.close();
      sound.close();
      last?.close();
      last = undefined;
    };
  }, [camera, canvas, queries]);
  return { player: made, state, size, setSoundOn: (on) => setSound.current(on) };
}

async function fetchRecording(camera: string, { start_ms }: PlayerSegment, signal: AbortSignal): Promise<Recording> {
  const answer = await callBytes('GET /v1/cameras/{id}/segments/{start_ms}', {
    params: { id: camera, start_ms },
    signal,
  });
  return readRecording(new Uint8Array(await answer.arrayBuffer()));
}
