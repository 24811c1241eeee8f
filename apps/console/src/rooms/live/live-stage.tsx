import { ActionIcon } from '@mantine/core';
import { IconCapture, IconCaptureOff, IconMaximize } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { printable } from '../../parts/printable.ts';
import { Latency, PictureVeil, StandingMark, cameraStanding } from './camera-standing.tsx';
import type { CameraRow } from './camera-types.ts';
import { objectsWords, tamperWords, unwatchedWords } from './camera-words.ts';
import { pictureStanding } from './frame-age.ts';
import { LiveCanvas } from './live-canvas.tsx';
import type { SeenFrame } from './live-canvas.tsx';
import type { LineState } from './live-frames.ts';
import type { BrowserFrames } from './use-live-frames.ts';

const perSecond = 15;

/** The live picture, large. */
export function LiveStage({
  camera,
  frames,
  line,
  nowMs,
  withBoxes,
  onBoxes,
}: {
  readonly camera: CameraRow;
  readonly frames: BrowserFrames | undefined;
  readonly line: LineState;
  readonly nowMs: number;
  readonly withBoxes: boolean;
  readonly onBoxes: (on: boolean) => void;
}) {
  const [seen, setSeen] = useState<SeenFrame>();
  const stage = useRef<HTMLDivElement>(null);
  const picture = pictureStanding(seen, {
    nowMs,
    isOpen: line === 'open' && camera.state === 'live',
    perSecond: camera.per_second,
  });
  const standing = cameraStanding(camera, picture, line);
  const tampered = seen?.tampered ?? camera.tampered;
  const objects = objectsWords(camera.objects);
  const unwatched = unwatchedWords(camera);
  return (
    <section className="stage" aria-label="Picture" ref={stage} data-tampered={tampered !== undefined}>
      <div
        className="stage-picture"
        style={seen === undefined ? {} : { aspectRatio: `${seen.width} / ${seen.height}` }}
      >
        <LiveCanvas
          frames={frames}
          camera={camera.id}
          perSecond={perSecond}
          label={`Live picture of ${printable(camera.name)}`}
          withBoxes={withBoxes}
          onSeen={setSeen}
        />
        <PictureVeil standing={standing} picture={picture} camera={camera} nowMs={nowMs} />
        {tampered === undefined ? null : <p className="tile-tamper">▲ {tamperWords(tampered)}</p>}
        {tampered !== undefined || unwatched === undefined ? null : <p className="tile-unwatched">{unwatched}</p>}
      </div>
      <div className="stage-foot">
        <StandingMark standing={standing} />
        <Latency picture={picture} />
        <span className="quiet small stage-objects">{objects === '' ? 'Nothing recognised now' : objects}</span>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-pressed={withBoxes}
          aria-label="Frames around what is seen"
          title="Frames around what is seen"
          onClick={() => onBoxes(!withBoxes)}
        >
          {withBoxes ? <IconCapture size={18} stroke={1.7} /> : <IconCaptureOff size={18} stroke={1.7} />}
        </ActionIcon>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-label="Fill the screen"
          title="Fill the screen"
          onClick={() => void stage.current?.requestFullscreen()}
        >
          <IconMaximize size={18} stroke={1.7} />
        </ActionIcon>
      </div>
    </section>
  );
}
