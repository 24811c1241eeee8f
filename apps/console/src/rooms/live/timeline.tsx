import { ActionIcon } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { IconChevronLeft, IconChevronRight, IconZoomIn, IconZoomOut } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import type { KeyboardEvent, PointerEvent } from 'react';
import { formatTime } from '../../parts/clock-time.ts';
import { useClockChoice } from '../../parts/clock.tsx';
import { printable } from '../../parts/printable.ts';
import { formatSpan } from '../../parts/span.ts';
import type { Timeline as TimelineAnswer } from './camera-types.ts';
import { gapWords, momentWords } from './camera-words.ts';
import { notSealedForMs } from './playback.ts';
import { TimelineDrawing } from './timeline-drawing.tsx';
import { holding, momentAtPlace, moved, placeOf, zoomed } from './timeline-scale.ts';
import type { TimeSpan } from './timeline-scale.ts';

const presets = [
  { name: '10 min', ms: 600_000 },
  { name: '1 h', ms: 3_600_000 },
  { name: '6 h', ms: 21_600_000 },
  { name: '1 day', ms: 86_400_000 },
  { name: '7 days', ms: 604_800_000 },
] as const;
const hourMs = 3_600_000;
const wheelSettlesMs = 120;
/** A pointer as near as this to a handle takes it, in pixels. */
const handlePixels = 12;

type TimelineNeeds = {
  readonly timeline: TimelineAnswer | undefined;
  readonly span: TimeSpan & { readonly isFollowing: boolean };
  /** The end of what can have been recorded. */
  readonly nowMs: number;
  /** What is played; nothing while it is live. */
  readonly atMs: number | undefined;
  readonly isLive: boolean;
  /** It was removed: nothing comes any more. */
  readonly isOver: boolean;
  readonly clip: TimeSpan | undefined;
  readonly onSpan: (span: TimeSpan) => void;
  /** The newest so many milliseconds, and then what comes. */
  readonly onFollow: (lengthMs: number) => void;
  /** A moment is chosen: shown, or played from there. */
  readonly onSeek: (atMs: number) => void;
  readonly onPlay: (atMs: number) => void;
  readonly onClip: (clip: TimeSpan) => void;
};

/**
 * Time as a line: recorded, missing and why, moments above. A click plays; the wheel and + and - zoom around the pointer or
 * what is played; arrow keys move it; n and p go to the next and the previous moment.
 */
export function Timeline({
  timeline,
  span: given,
  nowMs,
  atMs,
  isLive,
  isOver,
  clip,
  onSpan,
  onFollow,
  onSeek,
  onPlay,
  onClip,
}: TimelineNeeds) {
  const { ref, width } = useElementSize<HTMLDivElement>();
  const [clock] = useClockChoice();
  const [pointedMs, setPointedMs] = useState<number>();
  // While the wheel turns nothing is asked for; what is known is drawn at the new scale.
  const [turning, setTurning] = useState<TimeSpan>();
  const dragged = useRef<'from' | 'to' | undefined>(undefined);
  const track = useRef<HTMLDivElement>(null);
  const span = turning ?? given;
  const latestMs = nowMs;
  const headMs = atMs ?? latestMs;
  const place = (clientX: number): number => {
    const box = track.current?.getBoundingClientRect();
    return box === undefined ? 0 : Math.min(1, Math.max(0, (clientX - box.left) / Math.max(1, box.width)));
  };

  useEffect(() => {
    if (turning === undefined) return undefined;
    const timer = setTimeout(() => {
      onSpan(turning);
      setTurning(undefined);
    }, wheelSettlesMs);
    return () => clearTimeout(timer);
  }, [turning, onSpan]);
  // Not by React: its wheel listeners may not keep the page from scrolling.
  useEffect(() => {
    const element = track.current;
    if (element === null) return undefined;
    const turn = (event: WheelEvent): void => {
      if (event.deltaY === 0 && event.deltaX === 0) return;
      event.preventDefault();
      const isSideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
      setTurning((before) => {
        const from = before ?? given;
        if (isSideways)
          return moved(from, Math.sign(event.deltaX + (event.shiftKey ? event.deltaY : 0)) * 0.08, latestMs);
        return zoomed(from, event.deltaY > 0 ? 1.2 : 1 / 1.2, {
          anchorMs: momentAtPlace(place(event.clientX), from),
          latestMs,
        });
      });
    };
    element.addEventListener('wheel', turn, { passive: false });
    return () => element.removeEventListener('wheel', turn);
  }, [given, latestMs]);
  // What is played stays in sight.
  useEffect(() => {
    if (atMs === undefined) return;
    const held = holding(given, atMs, latestMs);
    if (held !== given) onSpan(held);
    // Only where the player goes; who looks elsewhere may.
  }, [atMs]);

  const zoom = (factor: number): void =>
    onSpan(zoomed(span, factor, { anchorMs: atMs ?? (span.fromMs + span.toMs) / 2, latestMs }));
  const within = (timeMs: number): number => Math.min(latestMs, Math.max(0, timeMs));
  const goTo = (timeMs: number): void => onSeek(within(timeMs));
  const onKey = (event: KeyboardEvent<HTMLElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const stepMs = (span.toMs - span.fromMs) / (event.shiftKey ? 20 : 200);
    const moments = timeline?.moments ?? [];
    switch (event.key) {
      case 'ArrowLeft':
        goTo(headMs - stepMs);
        break;
      case 'ArrowRight':
        goTo(headMs + stepMs);
        break;
      case 'PageUp':
        onSpan(moved(span, -0.8, latestMs));
        break;
      case 'PageDown':
        onSpan(moved(span, 0.8, latestMs));
        break;
      case 'Home':
        goTo(span.fromMs);
        break;
      case 'End':
        goTo(span.toMs - 1);
        break;
      case '+':
      case '=':
        zoom(0.5);
        break;
      case '-':
        zoom(2);
        break;
      case 'n':
        goTo(
          moments
            .map(({ from_ms }) => from_ms)
            .toSorted((a, b) => a - b)
            .find((ms) => ms > headMs + 1) ?? headMs,
        );
        break;
      case 'p':
        goTo(
          moments
            .map(({ from_ms }) => from_ms)
            .toSorted((a, b) => a - b)
            .findLast((ms) => ms < headMs - 1) ?? headMs,
        );
        break;
      default:
        return;
    }
    event.preventDefault();
  };
  const onDown = (event: PointerEvent<HTMLElement>): void => {
    const at = place(event.clientX);
    const reach = handlePixels / Math.max(1, width);
    if (clip !== undefined) {
      const [toFrom, toTo] = [Math.abs(placeOf(clip.fromMs, span) - at), Math.abs(placeOf(clip.toMs, span) - at)];
      if (Math.min(toFrom, toTo) < reach) {
        dragged.current = toFrom < toTo ? 'from' : 'to';
        event.currentTarget.setPointerCapture(event.pointerId);
        return;
      }
    }
    onPlay(within(momentAtPlace(at, span)));
  };
  const onMove = (event: PointerEvent<HTMLElement>): void => {
    const timeMs = momentAtPlace(place(event.clientX), span);
    setPointedMs(timeMs);
    if (clip === undefined || dragged.current === undefined) return;
    const next = { ...clip, [dragged.current === 'from' ? 'fromMs' : 'toMs']: Math.round(timeMs) };
    if (next.toMs - next.fromMs >= 1000) onClip(next);
  };
  const words =
    pointedMs === undefined && atMs === undefined
      ? isLive
        ? 'live; what was just seen is sealed within seconds'
        : isOver
          ? 'it was removed'
          : 'now; it sends nothing'
      : wordsAt(timeline, pointedMs ?? headMs, latestMs);
  return (
    <div className="timeline">
      <div className="row timeline-tools">
        <div className="state-filter" role="group" aria-label="How much of it">
          {presets.map(({ name, ms }) => (
            <button
              key={name}
              type="button"
              aria-pressed={Math.abs(span.toMs - span.fromMs - ms) < ms * 0.02}
              onClick={() =>
                atMs === undefined
                  ? onFollow(ms)
                  : onSpan(holding({ fromMs: latestMs - ms, toMs: latestMs }, headMs, latestMs))
              }
            >
              {name}
            </button>
          ))}
        </div>
        <span className="timeline-steps">
          <ActionIcon variant="default" aria-label="Earlier" onClick={() => onSpan(moved(span, -0.5, latestMs))}>
            <IconChevronLeft size={16} />
          </ActionIcon>
          <ActionIcon variant="default" aria-label="Later" onClick={() => onSpan(moved(span, 0.5, latestMs))}>
            <IconChevronRight size={16} />
          </ActionIcon>
          <ActionIcon variant="default" aria-label="Closer" onClick={() => zoom(0.5)}>
            <IconZoomIn size={16} />
          </ActionIcon>
          <ActionIcon variant="default" aria-label="Farther" onClick={() => zoom(2)}>
            <IconZoomOut size={16} />
          </ActionIcon>
        </span>
        {span.toMs >= latestMs && given.isFollowing && !isOver ? (
          <span className="quiet small">follows the clock</span>
        ) : (
          <button type="button" className="plain-button small" onClick={() => onFollow(hourMs)}>
            Last hour, following
          </button>
        )}
      </div>
      <div ref={ref}>
        <div
          ref={track}
          className="timeline-track"
          role="slider"
          tabIndex={0}
          aria-label="Moment shown. Arrow keys move it, n and p go to the next and previous moment, plus and minus zoom"
          aria-valuemin={Math.round(span.fromMs)}
          aria-valuemax={Math.round(span.toMs)}
          aria-valuenow={Math.round(headMs)}
          aria-valuetext={`${formatTime(headMs, clock)}, ${wordsAt(timeline, headMs, latestMs)}`}
          onKeyDown={onKey}
          onPointerDown={onDown}
          onPointerMove={onMove}
          onPointerUp={() => {
            dragged.current = undefined;
          }}
          onPointerLeave={() => setPointedMs(undefined)}
        >
          <TimelineDrawing {...{ timeline, span, width, clip, clock, pointedMs }} headMs={atMs} />
        </div>
      </div>
      <p className="small timeline-words" aria-hidden="true">
        <strong>{formatTime(pointedMs ?? headMs, clock)}</strong> {words}
      </p>
    </div>
  );
}

/** What there is at a moment: what happened, or recorded, or why not. */
function wordsAt(timeline: TimelineAnswer | undefined, timeMs: number, latestMs: number): string {
  if (timeline === undefined) return '';
  const nearMs = 1000;
  const moment = timeline.moments.find(
    ({ from_ms, to_ms }) => timeMs >= from_ms - nearMs && timeMs <= Math.max(to_ms, from_ms) + nearMs,
  );
  const happened = moment === undefined ? '' : `${printable(momentWords(moment))}, `;
  const gap = timeline.gaps.find(({ from_ms, to_ms }) => timeMs >= from_ms && timeMs < to_ms);
  if (gap !== undefined && gap.why !== 'uploaded_later')
    return `${happened}nothing recorded for ${formatSpan(gap.to_ms - gap.from_ms)}: ${gapWords[gap.why]}`;
  const segment = timeline.segments.find(({ start_ms, end_ms }) => timeMs >= start_ms && timeMs < end_ms);
  if (segment === undefined) {
    const isUnderWay = timeMs > latestMs - notSealedForMs && !timeline.segments.some(({ end_ms }) => end_ms > timeMs);
    return `${happened}${isUnderWay ? 'what was just seen is sealed within seconds' : 'nothing recorded'}`;
  }
  return `${happened}recorded${segment.late || gap !== undefined ? `. ${gapWords.uploaded_later}` : ''}`;
}
