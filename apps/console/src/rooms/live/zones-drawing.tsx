import { useElementSize, useMergedRef } from '@mantine/hooks';
import { useRef } from 'react';
import type { KeyboardEvent, PointerEvent } from 'react';
import { printable } from '../../parts/printable.ts';
import type { Zone } from './camera-types.ts';
import { fitted } from './paint-picture.ts';
import { clamped, movedArea, movedPoint, pointAddedAfter, pointRemoved, pointWords } from './zone-geometry.ts';
import type { Point } from './zone-geometry.ts';

const smallStep = 0.005;
const largeStep = 0.05;
const arrows: Readonly<Record<string, Point>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

type Drag = {
  readonly zone: string;
  readonly point: number | undefined;
  readonly from: Point;
  readonly points: readonly Point[];
  readonly pointer: number;
  /** All it does is one step back. */
  readonly step: string;
};

/** Zones over the picture. Every point is a button that arrow keys move. */
export function ZonesDrawing({
  zones,
  chosen,
  canChange,
  picture,
  onChoose,
  onChange,
  onSay,
}: {
  readonly zones: readonly Zone[];
  readonly chosen: string | undefined;
  readonly canChange: boolean;
  /** Its proportions; 16 to 9 while no picture has come. */
  readonly picture: { readonly width: number; readonly height: number } | undefined;
  readonly onChoose: (id: string) => void;
  /** Changes of one step follow each other under one name. */
  readonly onChange: (id: string, points: readonly Point[], step?: string) => void;
  /** For those who hear the page. */
  readonly onSay: (words: string) => void;
}) {
  const { ref, width, height } = useElementSize<HTMLDivElement>();
  const drag = useRef<Drag>(undefined);
  const drags = useRef(0);
  const surface = useRef<SVGSVGElement>(null);
  const over = useRef<HTMLDivElement>(null);
  const frame = useMergedRef(ref, over);
  const placed = fitted(picture ?? { width: 16, height: 9 }, { width, height });
  const pointOf = (event: PointerEvent): Point => {
    const box = surface.current?.getBoundingClientRect();
    if (box === undefined) return [0, 0];
    return [(event.clientX - box.left) / Math.max(1, box.width), (event.clientY - box.top) / Math.max(1, box.height)];
  };
  const take = (event: PointerEvent, zone: Zone, point?: number): void => {
    // A second finger, and the other buttons of a mouse, move nothing.
    if (event.button !== 0 || drag.current !== undefined) return;
    onChoose(zone.id);
    if (!canChange) return;
    event.stopPropagation();
    drags.current += 1;
    const step = `drag ${drags.current}`;
    drag.current = { zone: zone.id, point, from: pointOf(event), points: zone.points, pointer: event.pointerId, step };
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const move = (event: PointerEvent): void => {
    const held = drag.current;
    if (held?.pointer !== event.pointerId) return;
    const at = pointOf(event);
    const by: Point = [at[0] - held.from[0], at[1] - held.from[1]];
    const [x, y] = held.points[held.point ?? 0] ?? [0, 0];
    const next =
      held.point === undefined
        ? movedArea(held.points, by)
        : // Where it was taken it stays under the finger.
          movedPoint(held.points, held.point, [x + by[0], y + by[1]]);
    onChange(held.zone, next, held.step);
  };
  const drop = (event: PointerEvent): void => {
    const held = drag.current;
    if (held?.pointer !== event.pointerId) return;
    drag.current = undefined;
    const points = zones.find(({ id }) => id === held.zone)?.points ?? held.points;
    onSay(held.point === undefined ? 'Area moved' : pointWords(points, held.point));
  };
  /** Taken away by the system, or by Escape: as it was. */
  const letGo = (): void => {
    const held = drag.current;
    drag.current = undefined;
    if (held !== undefined) onChange(held.zone, held.points, held.step);
  };
  /** The keyboard follows the point it works on, which after adding or removing is another one. */
  const focusPoint = (zone: string, at: number): void => {
    requestAnimationFrame(() => over.current?.querySelector<HTMLElement>(`[data-point="${zone}/${at}"]`)?.focus());
  };
  const onKey = (event: KeyboardEvent, zone: Zone, at: number): void => {
    if (!canChange || event.ctrlKey || event.metaKey || event.altKey) return;
    const { points } = zone;
    const arrow = arrows[event.key];
    if (arrow !== undefined) {
      const step = event.shiftKey ? largeStep : smallStep;
      const [x, y] = points[at] ?? [0, 0];
      const next = movedPoint(points, at, clamped([x + arrow[0] * step, y + arrow[1] * step]));
      onChange(zone.id, next, `keys ${zone.id}/${at}`);
      onSay(pointWords(next, at));
    } else if (event.key === 'Enter' || event.key === '+') {
      const added = pointAddedAfter(points, at);
      onSay(added === undefined ? 'No more points can be added' : `Added ${pointWords(added.points, added.at)}`);
      if (added === undefined) return;
      onChange(zone.id, added.points);
      focusPoint(zone.id, added.at);
    } else if (event.key === 'Delete' || event.key === 'Backspace') {
      const removed = pointRemoved(points, at);
      onSay(
        removed === undefined
          ? 'An area needs three points'
          : `Removed, now at ${pointWords(removed.points, removed.at)}`,
      );
      if (removed === undefined) return;
      onChange(zone.id, removed.points);
      focusPoint(zone.id, removed.at);
    } else return;
    event.preventDefault();
  };
  // What is chosen lies on top.
  const ordered = zones.toSorted((a, b) => Number(a.id === chosen) - Number(b.id === chosen));
  return (
    <div
      ref={frame}
      className="zones-over"
      onPointerMove={move}
      onPointerUp={drop}
      onPointerCancel={letGo}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || drag.current === undefined) return;
        event.stopPropagation();
        letGo();
      }}
    >
      <svg
        ref={surface}
        style={{ left: placed.left, top: placed.top, width: placed.width, height: placed.height }}
        viewBox="0 0 1000 1000"
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <defs>
          <pattern id="mask-hatch" width="26" height="26" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="9" height="26" fill="rgb(0 0 0 / 55%)" />
            <rect x="9" width="17" height="26" fill="rgb(255 255 255 / 12%)" />
          </pattern>
        </defs>
        {ordered.map((zone) => (
          <g key={zone.id} className="zone" data-kind={zone.kind} data-chosen={zone.id === chosen}>
            <polygon
              points={zone.points.map(([x, y]) => `${x * 1000},${y * 1000}`).join(' ')}
              vectorEffect="non-scaling-stroke"
              onPointerDown={(event) => take(event, zone)}
            />
          </g>
        ))}
      </svg>
      {ordered.map((zone) => {
        const [left, top] = topmost(zone.points);
        return (
          <span
            key={zone.id}
            className="zone-tag"
            data-chosen={zone.id === chosen}
            style={{ left: placed.left + left * placed.width, top: placed.top + top * placed.height }}
            aria-hidden="true"
          >
            {printable(zone.name)}
          </span>
        );
      })}
      {ordered
        .filter(({ id }) => id === chosen && canChange)
        .map((zone) => (
          <div key={zone.id} role="group" aria-label={`Points of ${printable(zone.name)}`}>
            {zone.points.map(([x, y], at) => (
              <button
                // A point has no name but its place in the row.
                key={at}
                type="button"
                className="zone-point"
                data-point={`${zone.id}/${at}`}
                aria-label={`${printable(zone.name)}, ${pointWords(zone.points, at)}`}
                style={{ left: placed.left + x * placed.width, top: placed.top + y * placed.height }}
                onPointerDown={(event) => take(event, zone, at)}
                onKeyDown={(event) => onKey(event, zone, at)}
              />
            ))}
          </div>
        ))}
    </div>
  );
}

/** Where the name of an area stands: at its uppermost point. */
function topmost(points: readonly Point[]): Point {
  return points.reduce((best, point) => (point[1] < best[1] ? point : best), points[0] ?? [0, 0]);
}
