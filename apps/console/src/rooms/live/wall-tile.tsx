import { ActionIcon } from '@mantine/core';
import { IconCapture, IconCaptureOff } from '@tabler/icons-react';
import { useState } from 'react';
import type { Ref } from 'react';
import { Link } from 'wouter';
import { printable } from '../../parts/printable.ts';
import { cameraAddress } from './camera-queries.ts';
import { Latency, PictureVeil, StandingMark, cameraStanding } from './camera-standing.tsx';
import type { CameraRow } from './camera-types.ts';
import { objectsWords, tamperWords, unwatchedWords, whereWords } from './camera-words.ts';
import { pictureStanding } from './frame-age.ts';
import { LiveCanvas } from './live-canvas.tsx';
import type { SeenFrame } from './live-canvas.tsx';
import type { LineState } from './live-frames.ts';
import type { BrowserFrames } from './use-live-frames.ts';

export type TileNeeds = {
  readonly camera: CameraRow;
  readonly frames: BrowserFrames | undefined;
  readonly line: LineState;
  readonly nowMs: number;
  readonly perSecond: number;
  readonly withBoxes: boolean;
  /** What an alert of this camera said a moment ago. */
  readonly alert: string | undefined;
};

/** One camera on the wall: its picture, and what may be believed of it. */
export function WallTile({
  camera,
  frames,
  line,
  nowMs,
  perSecond,
  withBoxes,
  alert,
  onBoxes,
  linkRef,
  isChosen = false,
}: TileNeeds & {
  readonly onBoxes: (() => void) | undefined;
  readonly linkRef?: Ref<HTMLAnchorElement>;
  readonly isChosen?: boolean;
}) {
  const [seen, setSeen] = useState<SeenFrame>();
  const picture = pictureStanding(seen, {
    nowMs,
    isOpen: line === 'open' && camera.state === 'live',
    perSecond: camera.per_second,
  });
  const standing = cameraStanding(camera, picture, line);
  const name = printable(camera.name);
  const where = printable(whereWords(camera));
  const objects = objectsWords(camera.objects);
  const unwatched = unwatchedWords(camera);
  const tampered = standing === 'live' || standing === 'late' ? (seen?.tampered ?? camera.tampered) : camera.tampered;
  return (
    <li
      className="tile"
      data-standing={standing}
      data-alert={alert !== undefined}
      data-tampered={tampered !== undefined}
      data-chosen={isChosen}
    >
      <div className="tile-picture">
        <LiveCanvas
          frames={frames}
          camera={camera.id}
          perSecond={perSecond}
          label={`Picture of ${name}`}
          withBoxes={withBoxes}
          onSeen={setSeen}
        />
        <PictureVeil standing={standing} picture={picture} camera={camera} nowMs={nowMs} />
        {alert === undefined ? null : (
          <p className="tile-alert" role="status">
            Alert: {printable(alert)}
          </p>
        )}
        {tampered === undefined ? null : <p className="tile-tamper">▲ {tamperWords(tampered)}</p>}
        {tampered !== undefined || unwatched === undefined ? null : <p className="tile-unwatched">{unwatched}</p>}
        {/* What was seen last is not what a covered lens sees. */}
        {objects === '' || tampered !== undefined || standing === 'offline' || standing === 'off' ? null : (
          <p className="tile-objects">{objects}</p>
        )}
      </div>
      <div className="tile-foot">
        <span className="tile-what">
          <Link
            href={cameraAddress(camera.id)}
            className="tile-name"
            {...(linkRef === undefined ? {} : { ref: linkRef })}
          >
            {name}
          </Link>
          <span className="quiet small">{where === '' ? '\u00a0' : where}</span>
        </span>
        <span className="tile-state">
          <StandingMark standing={standing} />
          <Latency picture={picture} />
        </span>
        {onBoxes === undefined ? null : (
          <ActionIcon
            variant="subtle"
            color="gray"
            className="tile-boxes"
            aria-pressed={withBoxes}
            aria-label={`Frames around what is seen by ${name}`}
            title="Frames around what is seen"
            onClick={onBoxes}
          >
            {withBoxes ? <IconCapture size={18} stroke={1.7} /> : <IconCaptureOff size={18} stroke={1.7} />}
          </ActionIcon>
        )}
      </div>
    </li>
  );
}
