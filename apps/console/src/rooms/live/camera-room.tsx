import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Link, useParams } from 'wouter';
import type { Me } from '../../api/queries.ts';
import { useAddress } from '../../app/address.ts';
import { may } from '../../app/rooms.ts';
import { Clock } from '../../parts/clock.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';
import { RoomHead } from '../../parts/room-head.tsx';
import { CameraCommands } from './camera-commands.tsx';
import { CameraFacts } from './camera-facts.tsx';
import { CameraTampered } from './camera-view-accept.tsx';
import { cameraQuery, timelineQuery } from './camera-queries.ts';
import type { CameraRow } from './camera-types.ts';
import { kindWords, whereWords } from './camera-words.ts';
import { ClipExport } from './clip-export.tsx';
import { LineNotice } from './line-notice.tsx';
import { LiveStage } from './live-stage.tsx';
import { PlaybackStage } from './playback-stage.tsx';
import { RecordedList } from './recorded-list.tsx';
import { Timeline } from './timeline.tsx';
import { spanFrom } from './timeline-scale.ts';
import { useLiveFrames, useLineState, useServerNow } from './use-live-frames.ts';
import { ZonesEditor } from './zones-editor.tsx';

/** One camera: what it sees now or saw then, what happened in between, and what it looks for. */
export function CameraRoom({ me }: { readonly me: Me }) {
  const { id } = useParams<{ id: string }>();
  const { data: camera, error, refetch } = useQuery(cameraQuery(id));
  return (
    <div className="room-inner wide-room">
      <RoomHead
        title={camera === undefined ? 'Camera' : printable(camera.name)}
        lead={camera === undefined ? undefined : printable(whereWords(camera))}
      >
        <Link href="/live" className="small">
          All cameras
        </Link>
        <Link href={`/live/review?camera=${encodeURIComponent(id)}`} className="primary-link quiet-link">
          Review its moments
        </Link>
      </RoomHead>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {camera === undefined && error === null ? <Loading heights={[480, 120, 160]} /> : null}
      {camera === undefined ? null : <CameraPage camera={camera} me={me} />}
    </div>
  );
}

/** Steps in which the end of a timeline that follows the clock moves: each is asked for anew. */
const followStepMs = 10_000;

function CameraPage({ camera, me }: { readonly camera: CameraRow; readonly me: Me }) {
  const isRemoved = camera.removed_ms !== undefined;
  const { get, change } = useAddress();
  const frames = useLiveFrames();
  const line = useLineState(frames);
  const nowMs = useServerNow(frames);
  // Of one that was removed nothing comes after.
  const latestMs = camera.removed_ms ?? Math.floor(nowMs / followStepMs) * followStepMs;
  const [from, to, last] = [get('from'), get('to'), get('last')];
  const span = useMemo(() => spanFrom({ from, to, last }, latestMs), [from, to, last, latestMs]);
  const { data: timeline, error, refetch } = useQuery(timelineQuery(camera.id, span));
  const given = Number(get('at') ?? Number.NaN);
  const atMs = Number.isFinite(given) ? given : undefined;
  const isEditing = get('edit') === 'zones' && !isRemoved;
  const showSpan = ({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): void =>
    change({ from: String(fromMs), to: String(toMs), last: undefined }, { replace: true });
  const follow = (lengthMs: number): void =>
    change({ from: undefined, to: undefined, last: String(lengthMs) }, { replace: true });
  const showAt = (momentMs: number | undefined, play?: string): void =>
    change(
      { at: momentMs === undefined ? undefined : String(Math.round(momentMs)), play, edit: undefined },
      { replace: atMs !== undefined },
    );
  const playFrom = (momentMs: number, beforeMs = 0): void => showAt(momentMs - beforeMs, String(beforeMs / 1000));
  return (
    <>
      <LineNotice line={line} />
      {isRemoved ? (
        <Notice tone="warn" title="This camera was removed">
          <p>
            Removed on <Clock at={camera.removed_ms ?? 0} short={false} />, {kindWords(camera.kind)}. It sends nothing
            any more. What it sent before is here, with its proofs, as long as recordings are kept.
          </p>
        </Notice>
      ) : null}
      {isRemoved ? null : <CameraTampered camera={camera} canAccept={may(me, 'cameras:manage')} />}
      {isEditing ? (
        <ZonesEditor
          camera={camera}
          frames={frames}
          canChange={may(me, 'cameras:manage')}
          onClose={() => change({ edit: undefined })}
        />
      ) : isRemoved && atMs === undefined ? null : (
        <div className="camera-page">
          {atMs === undefined ? (
            <LiveStage
              {...{ camera, frames, line, nowMs }}
              withBoxes={get('boxes') !== 'off'}
              onBoxes={(on) => change({ boxes: on ? undefined : 'off' }, { replace: true })}
            />
          ) : (
            <PlaybackStage
              key={camera.id}
              camera={camera}
              atMs={atMs}
              timeline={timeline}
              play={get('play')}
              onLive={() => showAt(undefined)}
              onMove={(momentMs) => change({ at: String(Math.round(momentMs)), play: undefined }, { replace: true })}
            />
          )}
          <aside className="camera-side">
            {isRemoved ? null : <CameraFacts camera={camera} nowMs={nowMs} />}
            {!isRemoved && may(me, 'devices:command') && camera.kind === 'phone' ? (
              <CameraCommands camera={camera} />
            ) : null}
          </aside>
        </div>
      )}
      <section className="sheet" aria-labelledby="timeline">
        <div className="sheet-head">
          <h2 id="timeline">Timeline</h2>
          <span className="quiet small">what was recorded, what happened, and why anything is missing</span>
          <div className="row">
            {isEditing || isRemoved ? null : (
              <button type="button" className="plain-button" onClick={() => change({ edit: 'zones' })}>
                Zones and schedule
              </button>
            )}
          </div>
        </div>
        {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
        <Timeline
          {...{ timeline, span, nowMs: latestMs, atMs }}
          isLive={camera.state === 'live'}
          isOver={isRemoved}
          clip={clipFrom(get('clip'))}
          onSpan={showSpan}
          onFollow={follow}
          onSeek={showAt}
          onPlay={playFrom}
          onClip={(clip) => change({ clip: `${Math.round(clip.fromMs)}-${Math.round(clip.toMs)}` }, { replace: true })}
        />
        {may(me, 'cameras:export') ? (
          <ClipExport
            camera={camera}
            clip={clipFrom(get('clip'))}
            suggestion={{ fromMs: (atMs ?? latestMs) - 30_000, toMs: Math.min(nowMs, (atMs ?? latestMs) + 30_000) }}
            gaps={timeline?.gaps ?? []}
            onClip={(clip) =>
              change({ clip: clip === undefined ? undefined : `${Math.round(clip.fromMs)}-${Math.round(clip.toMs)}` })
            }
          />
        ) : null}
        {timeline === undefined ? null : <RecordedList timeline={timeline} onPlay={playFrom} />}
      </section>
    </>
  );
}

/** `1700000000000-1700000060000` */
function clipFrom(text: string | undefined): { readonly fromMs: number; readonly toMs: number } | undefined {
  const [, from, to] = /^(\d{10,15})-(\d{10,15})$/.exec(text ?? '') ?? [];
  const [fromMs, toMs] = [Number(from), Number(to)];
  return from === undefined || to === undefined || toMs <= fromMs ? undefined : { fromMs, toMs };
}
