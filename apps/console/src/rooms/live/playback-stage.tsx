import { ActionIcon, Button } from '@mantine/core';
import {
  IconPlayerPauseFilled,
  IconPlayerPlayFilled,
  IconPlayerSkipBack,
  IconPlayerSkipForward,
  IconVolume,
  IconVolumeOff,
} from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import type { KeyboardEvent } from 'react';
import { Clock } from '../../parts/clock.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';
import { formatSpan } from '../../parts/span.ts';
import { Seal } from '../../seal/seal.tsx';
import type { CameraRow, Timeline } from './camera-types.ts';
import { gapWords } from './camera-words.ts';
import { notSealedForMs, segmentFor } from './playback.ts';
import { usePlayer } from './use-player.ts';

const speeds = [0.5, 1, 2, 4, 8] as const;
/** The address follows the player in steps: each is written to the history of the browser. */
const tellEveryMs = 1000;
const jumpMs = 10_000;

/** A recording on the place where the live picture stands, with everything to go through it. */
export function PlaybackStage({
  camera,
  atMs,
  timeline,
  play,
  onLive,
  onMove,
}: {
  readonly camera: CameraRow;
  readonly atMs: number;
  readonly timeline: Timeline | undefined;
  /** Given when it is to play by itself: how many seconds before what was asked for it starts. */
  readonly play: string | undefined;
  readonly onLive: () => void;
  readonly onMove: (atMs: number) => void;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { player, state, size, setSoundOn } = usePlayer(camera.id, canvas);
  const [isSoundOn, setSound] = useState(false);
  /** Seconds before what was asked for, of a player that began by itself. */
  const [lead, setLead] = useState<number>();
  const told = useRef(Number.NaN);
  const move = useRef(onMove);
  const segments = timeline?.segments;
  useEffect(() => {
    move.current = onMove;
  }, [onMove]);
  useEffect(() => {
    if (segments !== undefined) player?.setSegments(segments);
  }, [player, segments]);
  // The address leads, unless it only says where the player already was.
  const isReady = player !== undefined && segments !== undefined;
  useEffect(() => {
    if (!isReady || (told.current === atMs && play === undefined)) return;
    told.current = atMs;
    player.seek(atMs);
    if (play === undefined) return;
    player.play();
    setLead(Number(play));
    // Said once: who comes back to this address later finds the moment, and it rests.
    move.current(atMs);
  }, [player, isReady, atMs, play]);
  const playedMs = state?.atMs;
  const isPlaying = state?.isPlaying === true;
  useEffect(() => {
    if (playedMs === undefined || Number.isNaN(told.current)) return;
    const roundMs = Math.round(playedMs);
    if (roundMs === told.current || (isPlaying && Math.abs(roundMs - told.current) < tellEveryMs)) return;
    told.current = roundMs;
    move.current(roundMs);
  }, [playedMs, isPlaying]);

  const shownMs = state?.atMs ?? atMs;
  const seek = (toMs: number): void => player?.seek(toMs);
  const segment = segmentFor(timeline?.segments ?? [], shownMs);
  const isIn = segment !== undefined && segment.start_ms <= shownMs;
  const gap = timeline?.gaps.find(({ from_ms, to_ms }) => shownMs >= from_ms && shownMs < to_ms);
  const beforeLastMs = (camera.last_frame_ms ?? 0) - shownMs;
  const isUnderWay = segment === undefined && gap === undefined && beforeLastMs >= 0 && beforeLastMs < notSealedForMs;
  const onKey = (event: KeyboardEvent<HTMLElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
    if (event.key === ' ' && !(event.target instanceof HTMLButtonElement)) {
      if (isPlaying) player?.pause();
      else player?.play();
    } else if (event.key === ',') player?.step(-1);
    else if (event.key === '.') player?.step(1);
    else if (event.key === 'ArrowLeft') seek(shownMs - jumpMs);
    else if (event.key === 'ArrowRight') seek(shownMs + jumpMs);
    else return;
    event.preventDefault();
  };
  return (
    <section className="stage" aria-label="Recording" onKeyDown={onKey} data-recorded="true">
      <div
        className="stage-picture"
        style={size === undefined ? {} : { aspectRatio: `${size.width} / ${size.height}` }}
        tabIndex={0}
        role="group"
        aria-label="Recording: space plays, comma and full stop step, arrows jump"
      >
        <canvas ref={canvas} className="live-canvas" role="img" aria-label={`Recording of ${printable(camera.name)}`} />
        <p className="stage-when">
          Recorded <Clock at={shownMs} short={false} />
        </p>
        {isIn || state?.isLoading === true || timeline === undefined ? null : (
          <div className="picture-veil" data-empty="true">
            <strong>{isUnderWay ? 'Being recorded' : 'Nothing recorded here'}</strong>
            <span>
              {isUnderWay
                ? 'It is shown as soon as it is sealed, within some seconds.'
                : gap === undefined
                  ? segment === undefined
                    ? 'This is after the last recording.'
                    : 'Playing goes on with what comes next.'
                  : gapWords[gap.why]}
            </span>
          </div>
        )}
        {state?.isLoading === true ? <p className="stage-loading">Fetching the recording…</p> : null}
      </div>
      <div className="stage-foot player-tools">
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-label="One picture back"
          title="One picture back (,)"
          onClick={() => player?.step(-1)}
        >
          <IconPlayerSkipBack size={18} />
        </ActionIcon>
        <ActionIcon
          size="lg"
          aria-label={isPlaying ? 'Pause' : 'Play'}
          title={isPlaying ? 'Pause (space)' : 'Play (space)'}
          onClick={() => (isPlaying ? player?.pause() : player?.play())}
        >
          {isPlaying ? <IconPlayerPauseFilled size={18} /> : <IconPlayerPlayFilled size={18} />}
        </ActionIcon>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-label="One picture on"
          title="One picture on (.)"
          onClick={() => player?.step(1)}
        >
          <IconPlayerSkipForward size={18} />
        </ActionIcon>
        <div className="state-filter" role="group" aria-label="Speed">
          {speeds.map((speed) => (
            <button
              key={speed}
              type="button"
              aria-pressed={(state?.speed ?? 1) === speed}
              onClick={() => player?.setSpeed(speed)}
            >
              {speed}×
            </button>
          ))}
        </div>
        {state?.hasSound === true ? (
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-pressed={isSoundOn}
            aria-label="Sound"
            title={state.speed === 1 ? 'Sound' : 'Sound, at normal speed'}
            onClick={() => {
              setSound(!isSoundOn);
              setSoundOn(!isSoundOn);
            }}
          >
            {isSoundOn ? <IconVolume size={18} /> : <IconVolumeOff size={18} />}
          </ActionIcon>
        ) : null}
        <span className="stage-seal">
          {isIn ? (
            <>
              <Seal position={segment.position} />
              <span className="quiet small">
                segment sealed as {segment.position}
                {segment.late ? ', uploaded later' : ''}
              </span>
            </>
          ) : null}
        </span>
        <Button variant="default" size="compact-sm" onClick={onLive}>
          Back to live
        </Button>
      </div>
      <p className="small stage-note" role="status">
        {state?.skipped === undefined
          ? isPlaying && lead !== undefined
            ? leadWords(lead)
            : ''
          : `Passed over ${formatSpan(state.skipped.toMs - state.skipped.fromMs)} where nothing is recorded.`}
      </p>
      {state === undefined || state.problem === null ? null : (
        <ProblemNotice problem={state.problem} retry={() => seek(shownMs)} />
      )}
    </section>
  );
}

function leadWords(seconds: number): string {
  return seconds > 0 ? `Playing, from ${seconds} seconds before what you asked for.` : 'Playing from here.';
}
