import { useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import { formatTime, clockZone } from './clock-time.ts';
import { useClockChoice } from './clock.tsx';
import { formatCount } from './numbers.ts';

/** `marked` is a second count that should be none, drawn as bars in front. */
export type TimePoint = { readonly timeMs: number; readonly count: number; readonly marked?: number };

type ChartProps = {
  readonly points: readonly TimePoint[];
  readonly kind: 'area' | 'bars';
  readonly height: number;
  /** What the chart says, for those who do not see it. */
  readonly label: string;
  readonly unit: string;
  /** What `marked` counts. */
  readonly markedUnit?: string;
  /** Dragging over the chart chooses a range. */
  readonly onRange?: (range: { readonly fromMs: number; readonly toMs: number }) => void;
};

/** Counts over time. One colour, readable in black and white; the value under the pointer is written below. */
export function TimeChart({ points, kind, height, label, unit, markedUnit, onRange }: ChartProps) {
  const { ref: frame, width } = useElementSize<HTMLDivElement>();
  const place = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme('light');
  const [clock] = useClockChoice();
  const [pointed, setPointed] = useState<TimePoint>();
  const chosen = useRef(onRange);
  useEffect(() => {
    chosen.current = onRange;
  }, [onRange]);

  useEffect(() => {
    const element = place.current;
    if (element === null || width === 0) return undefined;
    const [accent, line, quiet, bad] = ['--accent', '--line', '--quiet', '--bad'].map((name) =>
      resolveColor(element, name),
    );
    const axis = {
      stroke: quiet ?? '',
      font: '12px Inter, system-ui, sans-serif',
      grid: { stroke: line ?? '', width: 1 },
      ticks: { show: false },
    };
    const zone = clock === 'utc' ? 'Etc/UTC' : clockZone(clock);
    const paths = kind === 'bars' ? uPlot.paths.bars?.({ size: [0.8, 40], radius: 0.15 }) : uPlot.paths.linear?.();
    const hasMarked = markedUnit !== undefined;
    const markedPaths = uPlot.paths.bars?.({ size: [0.8, 40] });
    const toDate = (seconds: number): Date =>
      zone === undefined ? new Date(seconds * 1000) : uPlot.tzDate(new Date(seconds * 1000), zone);
    const chart = new uPlot(
      {
        width,
        height,
        // Half a label of the time axis: the last one stands at the very end.
        padding: [8, 20, 0, 0],
        legend: { show: false },
        cursor: {
          y: false,
          points: { show: kind === 'area' },
          drag: { x: onRange !== undefined, y: false, setScale: false },
        },
        tzDate: toDate,
        scales: { y: { range: (_chart, _min, max) => [0, Math.max(1, max * 1.12)] } },
        axes: [
          {
            ...axis,
            size: 28,
            space: 72,
            // Whole seconds at least: the labels say no more.
            incrs: timeIncrements,
            grid: { show: false },
            values: (...[, splits, , , increment]: [uPlot, number[], number, number, number]) =>
              splits.map((split) => timeLabel(toDate(split), increment)),
          },
          {
            ...axis,
            size: 46,
            incrs: [
              1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000,
              1_000_000,
            ],
            values: (_chart, splits) => splits.map((split) => (split >= 1000 ? `${split / 1000}k` : String(split))),
          },
        ],
        series: [
          {},
          {
            stroke: accent ?? '',
            width: kind === 'area' ? 1.6 : 0,
            fill: kind === 'area' ? withAlpha(accent ?? '', 0.13) : withAlpha(accent ?? '', 0.75),
            points: { show: false },
            ...(paths === undefined ? {} : { paths }),
          },
          ...(hasMarked
            ? [
                {
                  stroke: bad ?? '',
                  width: 0,
                  fill: withAlpha(bad ?? '', 0.85),
                  points: { show: false },
                  ...(markedPaths === undefined ? {} : { paths: markedPaths }),
                },
              ]
            : []),
        ],
        hooks: {
          setCursor: [
            (made) => {
              const at = made.cursor.idx;
              setPointed(typeof at === 'number' ? points[at] : undefined);
            },
          ],
          setSelect: [
            (made) => {
              if (made.select.width < 4) return;
              const fromMs = made.posToVal(made.select.left, 'x') * 1000;
              const toMs = made.posToVal(made.select.left + made.select.width, 'x') * 1000;
              chosen.current?.({ fromMs: Math.floor(fromMs), toMs: Math.ceil(toMs) });
            },
          ],
        },
      },
      [
        points.map(({ timeMs }) => timeMs / 1000),
        points.map(({ count }) => count),
        ...(hasMarked ? [points.map(({ marked = 0 }) => marked)] : []),
      ],
      element,
    );
    return () => chart.destroy();
  }, [points, width, height, kind, scheme, clock, markedUnit, onRange === undefined]);

  return (
    <div ref={frame} className="chart">
      <div ref={place} role="img" aria-label={label} style={{ height }} />
      <p className="chart-note" aria-hidden="true">
        {pointed === undefined
          ? '\u00a0'
          : `${formatTime(pointed.timeMs, clock)}: ${formatCount(pointed.count)} ${unit}${markedUnit === undefined ? '' : `, ${formatCount(pointed.marked ?? 0)} ${markedUnit}`}`}
      </p>
    </div>
  );
}

const timeIncrements = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
  2_592_000, 31_536_000,
];

/** A canvas cannot read custom properties; an element can. */
function resolveColor(within: HTMLElement, property: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${property})`;
  within.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function withAlpha(color: string, alpha: number): string {
  return `color-mix(in srgb, ${color} ${alpha * 100}%, transparent)`;
}

function timeLabel(date: Date, incrementSeconds: number): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  if (incrementSeconds >= 86_400) return `${date.getDate()}.${date.getMonth() + 1}.`;
  const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return incrementSeconds < 60 ? `${minutes}:${two(date.getSeconds())}` : minutes;
}
