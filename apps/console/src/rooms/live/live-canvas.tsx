import { useEffect, useRef, useState } from 'react';
import { objectsLagMs } from './frame-age.ts';
import type { PaintedFrame } from './frame-age.ts';
import type { LiveFrame } from './live-wire.ts';
import { paintPicture } from './paint-picture.ts';
import type { BrowserFrames } from './use-live-frames.ts';

export type SeenFrame = PaintedFrame & {
  readonly objects: number;
  readonly tampered: string | undefined;
  /** Of the picture. */
  readonly width: number;
  readonly height: number;
};

type Shown = { readonly picture: ImageBitmap; readonly frame: LiveFrame; readonly lagMs: number };

/** Oftener nobody can read it. */
const tellEveryMs = 400;

/** The live picture of a camera. What was painted is told now and then; nothing here renders for a picture. */
export function LiveCanvas({
  frames,
  camera,
  perSecond,
  label,
  withBoxes,
  onSeen,
}: {
  readonly frames: BrowserFrames | undefined;
  readonly camera: string;
  readonly perSecond: number;
  /** What it shows, for those who do not see it. */
  readonly label: string;
  readonly withBoxes: boolean;
  readonly onSeen: (seen: SeenFrame) => void;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const last = useRef<Shown>(undefined);
  const boxes = useRef(withBoxes);
  const told = useRef(onSeen);
  const [isInSight, setInSight] = useState(false);

  useEffect(() => {
    told.current = onSeen;
  }, [onSeen]);
  useEffect(() => {
    boxes.current = withBoxes;
    repaint(canvas.current, last.current, withBoxes);
  }, [withBoxes]);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => {
      const scale = window.devicePixelRatio;
      element.width = Math.round(element.clientWidth * scale);
      element.height = Math.round(element.clientHeight * scale);
      repaint(element, last.current, boxes.current);
    });
    observer.observe(element);
    // What is scrolled away is not asked for.
    const sight = new IntersectionObserver((entries) => setInSight(entries.at(-1)?.isIntersecting === true));
    sight.observe(element);
    return () => {
      observer.disconnect();
      sight.disconnect();
    };
  }, []);
  useEffect(() => {
    if (frames === undefined || !isInSight) return undefined;
    let toldMs = 0;
    const end = frames.watch({ camera, perSecond }, (picture, frame) => {
      last.current = { picture, frame, lagMs: objectsLagMs(frame, last.current?.frame) };
      repaint(canvas.current, last.current, boxes.current);
      const paintedMs = frames.serverNowMs();
      if (paintedMs - toldMs < tellEveryMs) return;
      toldMs = paintedMs;
      told.current({
        capturedMs: frame.capturedMs,
        isCaptureUnknown: frame.isCaptureUnknown,
        paintedMs,
        objects: frame.objects.length,
        tampered: frame.tampered,
        width: picture.width,
        height: picture.height,
      });
    });
    return () => {
      // It is closed with the line; what stands on the canvas stays.
      last.current = undefined;
      end();
    };
  }, [frames, camera, perSecond, isInSight]);
  return <canvas ref={canvas} className="live-canvas" role="img" aria-label={label} />;
}

function repaint(canvas: HTMLCanvasElement | null, last: Shown | undefined, withBoxes: boolean): void {
  if (canvas === null || last === undefined) return;
  paintPicture(canvas, last.picture, {
    objects: withBoxes ? last.frame.objects : [],
    scale: window.devicePixelRatio,
    lagMs: last.lagMs,
  });
}
