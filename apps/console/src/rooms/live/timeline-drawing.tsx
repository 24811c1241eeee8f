import { clockOffsetMinutes, formatTime } from '../../parts/clock-time.ts';
import type { ClockChoice } from '../../parts/clock-time.ts';
import type { Timeline, TimelineMoment } from './camera-types.ts';
import { momentTone } from './camera-words.ts';
import { joined, lanesOf, placeOf, ticksOf } from './timeline-scale.ts';
import type { TimeSpan } from './timeline-scale.ts';

const momentTop = 6;
const laneHeight = 13;
const lanes = 3;
const bandTop = momentTop + lanes * laneHeight + 4;
const bandHeight = 26;
const height = bandTop + bandHeight + 24;
const tickPixels = 92;
/** Less than this between two recordings nobody could see. */
const joinPixels = 1.2;

/** The picture of a timeline; everything it says is said in words beside it. */
export function TimelineDrawing({
  timeline,
  span,
  width,
  clip,
  clock,
  pointedMs,
  headMs,
}: {
  readonly timeline: Timeline | undefined;
  readonly span: TimeSpan;
  readonly width: number;
  readonly clip: TimeSpan | undefined;
  readonly clock: ClockChoice;
  readonly pointedMs: number | undefined;
  readonly headMs: number | undefined;
}) {
  const x = (timeMs: number): number => placeOf(timeMs, span) * width;
  const within = (timeMs: number): number => Math.min(width, Math.max(0, x(timeMs)));
  const msPerPixel = (span.toMs - span.fromMs) / Math.max(1, width);
  const { stepMs, ticks } = ticksOf(span, {
    most: Math.max(2, Math.floor(width / tickPixels)),
    offsetMinutes: clockOffsetMinutes(span.fromMs, clock),
  });
  const inSight = (fromMs: number, toMs: number): boolean => toMs >= span.fromMs && fromMs <= span.toMs;
  const recorded = joined(
    (timeline?.segments ?? []).map(({ start_ms, end_ms }) => ({ fromMs: start_ms, toMs: end_ms })),
    msPerPixel * joinPixels,
  ).filter(({ fromMs, toMs }) => inSight(fromMs, toMs));
  const late = joined(
    (timeline?.segments ?? [])
      .filter((segment) => segment.late)
      .map(({ start_ms, end_ms }) => ({ fromMs: start_ms, toMs: end_ms })),
    msPerPixel * joinPixels,
  ).filter(({ fromMs, toMs }) => inSight(fromMs, toMs));
  const moments = (timeline?.moments ?? [])
    .filter(({ from_ms, to_ms }) => inSight(from_ms, to_ms))
    .toSorted((a, b) => a.from_ms - b.from_ms);
  const inLanes = lanesOf(
    moments.map(({ from_ms }) => x(from_ms)),
    { apart: 12, lanes },
  );
  return (
    <svg
      className="timeline-drawing"
      width={width}
      height={height}
      viewBox={`0 0 ${Math.max(1, width)} ${height}`}
      aria-hidden="true"
    >
      <defs>
        <pattern id="gap-hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect className="gap-ground" width="7" height="7" />
          <rect className="gap-line" width="2" height="7" />
        </pattern>
      </defs>
      <rect className="band-ground" x={0} y={bandTop} width={Math.max(0, width)} height={bandHeight} rx={4} />
      {(timeline?.gaps ?? [])
        .filter(({ from_ms, to_ms, why }) => why !== 'uploaded_later' && inSight(from_ms, to_ms))
        .map(({ from_ms, to_ms, why }) => (
          <rect
            key={`${why}-${from_ms}`}
            className="gap"
            data-why={why}
            x={within(from_ms)}
            y={bandTop}
            width={Math.max(2, within(to_ms) - within(from_ms))}
            height={bandHeight}
            fill="url(#gap-hatch)"
          />
        ))}
      {recorded.map(({ fromMs, toMs }) => (
        <rect
          key={fromMs}
          className="recorded"
          x={within(fromMs)}
          y={bandTop}
          width={Math.max(1.5, within(toMs) - within(fromMs))}
          height={bandHeight}
          rx={2}
        />
      ))}
      {late.map(({ fromMs, toMs }) => (
        <rect
          key={fromMs}
          className="late"
          x={within(fromMs)}
          y={bandTop + bandHeight - 5}
          width={Math.max(1.5, within(toMs) - within(fromMs))}
          height={5}
        />
      ))}
      {ticks.map((tick) => (
        <g key={tick} className="tick-mark" transform={`translate(${x(tick)} 0)`}>
          <line y1={bandTop + bandHeight} y2={bandTop + bandHeight + 5} />
          <text y={height - 5} textAnchor={x(tick) < 24 ? 'start' : x(tick) > width - 24 ? 'end' : 'middle'}>
            {tickLabel(tick, stepMs, clock)}
          </text>
        </g>
      ))}
      {clip === undefined ? null : (
        <g className="clip-range">
          <rect
            x={within(clip.fromMs)}
            y={bandTop - 3}
            width={Math.max(2, within(clip.toMs) - within(clip.fromMs))}
            height={bandHeight + 6}
          />
          {[clip.fromMs, clip.toMs].map((edge) => (
            <path
              key={edge}
              transform={`translate(${within(edge)} ${bandTop - 3})`}
              d={`M0 0V${bandHeight + 6}M-4 8h8v16h-8Z`}
            />
          ))}
        </g>
      )}
      {moments.map(({ id, from_ms, to_ms }, at) => (
        <line
          key={id}
          className="moment-length"
          x1={within(from_ms)}
          x2={within(to_ms)}
          y1={momentTop + (inLanes[at] ?? 0) * laneHeight + 6}
          y2={momentTop + (inLanes[at] ?? 0) * laneHeight + 6}
        />
      ))}
      {moments.map((moment, at) => (
        <MomentMark
          key={moment.id}
          moment={moment}
          x={x(moment.from_ms)}
          y={momentTop + (inLanes[at] ?? 0) * laneHeight}
        />
      ))}
      {pointedMs === undefined ? null : (
        <line className="pointed" x1={x(pointedMs)} x2={x(pointedMs)} y1={0} y2={bandTop + bandHeight} />
      )}
      {headMs === undefined || headMs < span.fromMs || headMs > span.toMs ? null : (
        <path
          className="head"
          transform={`translate(${x(headMs)} 0)`}
          d={`M0 ${bandTop - 8}V${bandTop + bandHeight + 3}M-6 ${bandTop - 14}h12L0 ${bandTop - 5}Z`}
        />
      )}
    </svg>
  );
}

const shapes = {
  person: 'M0 1.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6Z',
  thing: 'M-4.4 1.6h8.8v8.8h-8.8Z',
  tamper: 'M0 .6 6 11h-12Z',
  line: 'M0 .4 5.4 6 0 11.6-5.4 6Z',
} as const;

/** The shape a moment has on the timeline, among words. */
export function MomentShape({ tone }: { readonly tone: keyof typeof shapes }) {
  return (
    <svg className="moment-shape" viewBox="-7 -1 14 14" aria-hidden="true">
      <path className="moment-mark" data-tone={tone} d={shapes[tone]} />
    </svg>
  );
}

function MomentMark({ moment, x, y }: { readonly moment: TimelineMoment; readonly x: number; readonly y: number }) {
  const tone = momentTone(moment);
  return <path className="moment-mark" data-tone={tone} transform={`translate(${x} ${y})`} d={shapes[tone]} />;
}

function tickLabel(timeMs: number, stepMs: number, clock: ClockChoice): string {
  const [day = '', time = ''] = formatTime(timeMs, clock, 'full').split(', ');
  if (stepMs >= 86_400_000) return day;
  const [hour = '', minute = '', second = ''] = (time === '' ? day : time).split(' ')[0]?.split(':') ?? [];
  const clockTime = stepMs < 60_000 ? `${hour}:${minute}:${second}` : `${hour}:${minute}`;
  return hour === '00' && minute === '00' && stepMs >= 60_000 ? day : clockTime;
}
