import type { CameraRow } from './camera-types.ts';
import { latencyWords, lastSeenWords } from './frame-age.ts';
import type { PictureStanding } from './frame-age.ts';
import type { LineState } from './live-frames.ts';

export type CameraStanding = 'live' | 'late' | 'old' | 'waiting' | 'offline' | 'off' | 'cut';

const marks: Readonly<
  Record<CameraStanding, { readonly word: string; readonly tone: string; readonly shape: string }>
> = {
  live: { word: 'Live', tone: 'good', shape: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Z' },
  late: { word: 'Late', tone: 'warn', shape: 'M8 2l7 12H1Z' },
  old: { word: 'Frozen', tone: 'warn', shape: 'M3 3h10v10H3Z' },
  waiting: {
    word: 'Waiting',
    tone: 'quiet',
    shape: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Zm0 1.8a3.7 3.7 0 1 1 0 7.4 3.7 3.7 0 0 1 0-7.4Z',
  },
  offline: { word: 'Offline', tone: 'bad', shape: 'M8 1.5 14.5 8 8 14.5 1.5 8Z' },
  off: { word: 'Camera off', tone: 'quiet', shape: 'M2.5 6.9h11v2.2h-11Z' },
  cut: {
    word: 'No connection',
    tone: 'bad',
    shape: 'M3.4 2 8 6.6 12.6 2 14 3.4 9.4 8l4.6 4.6-1.4 1.4L8 9.4 3.4 14 2 12.6 6.6 8 2 3.4Z',
  },
};

/** What may be said of a camera: the page's own line counts first, then the camera's, then the age of what is seen. */
export function cameraStanding(
  camera: Pick<CameraRow, 'state' | 'why'>,
  picture: PictureStanding,
  line: LineState,
): CameraStanding {
  if (line === 'cut') return 'cut';
  if (camera.state === 'offline') return camera.why === 'said_goodbye' ? 'off' : 'offline';
  if (camera.state === 'waiting' || picture.kind === 'none') return 'waiting';
  if (picture.kind === 'old') return 'old';
  return picture.isLate ? 'late' : 'live';
}

/** How a camera stands, as a shape, a word and a colour. */
export function StandingMark({ standing }: { readonly standing: CameraStanding }) {
  const { word, tone, shape } = marks[standing];
  return (
    <span className={`state-mark ${tone}`}>
      <svg width={12} height={12} viewBox="0 0 16 16" aria-hidden="true">
        <path d={shape} fill="currentColor" />
      </svg>
      {word}
    </span>
  );
}

/** How old the picture is when it is seen; over a second it is marked by a sign as well as by its colour. */
export function Latency({ picture }: { readonly picture: PictureStanding }) {
  if (picture.kind !== 'now') return null;
  if (picture.isAgeUnknown === true)
    return (
      <span className="latency" title="This camera does not tell when it takes its pictures">
        age not known
      </span>
    );
  return (
    <span className={picture.isLate ? 'latency warn' : 'latency'} title="Age of the picture when it was shown here">
      <span className="visually-hidden">Picture is </span>
      {picture.isLate ? '▲ ' : ''}
      {latencyWords(picture.ageMs)}
      <span className="visually-hidden"> old</span>
    </span>
  );
}

/** Lies over a picture that is not of now, so that nobody takes it for one. */
export function PictureVeil({
  standing,
  picture,
  camera,
  nowMs,
}: {
  readonly standing: CameraStanding;
  readonly picture: PictureStanding;
  readonly camera: Pick<CameraRow, 'last_frame_ms' | 'kind'>;
  readonly nowMs: number;
}) {
  if (standing === 'live' || standing === 'late') return null;
  const lastMs = picture.kind === 'none' ? camera.last_frame_ms : undefined;
  const ageMs = picture.kind === 'none' ? (lastMs === undefined ? undefined : nowMs - lastMs) : picture.ageMs;
  return (
    <div className="picture-veil" data-empty={picture.kind === 'none'}>
      <strong>
        {standing === 'waiting' && picture.kind === 'none'
          ? 'Waiting for a picture'
          : `Not live: ${marks[standing].word.toLowerCase()}`}
      </strong>
      {ageMs === undefined ? <span>no picture yet</span> : <span>{lastSeenWords(ageMs)}</span>}
    </div>
  );
}
