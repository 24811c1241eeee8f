import { IconX } from '@tabler/icons-react';
import { useElementSize, useMergedRef } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';
import type { KeyboardEvent } from 'react';
import type { CameraRow } from './camera-types.ts';
import { LineNotice } from './line-notice.tsx';
import type { LineState } from './live-frames.ts';
import type { BrowserFrames } from './use-live-frames.ts';
import { bestColumns, tileBeside } from './wall-layout.ts';
import { WallTile } from './wall-tile.tsx';

const manyPerSecond = 8;
const onePerSecond = 15;

type GuardNeeds = {
  readonly cameras: readonly CameraRow[];
  readonly frames: BrowserFrames | undefined;
  readonly line: LineState;
  readonly nowMs: number;
  readonly alerts: ReadonlyMap<string, string>;
  readonly plain: ReadonlySet<string>;
  /** The camera that fills the wall. */
  readonly one: string | undefined;
  readonly onOne: (id: string | undefined) => void;
  readonly onLeave: () => void;
  readonly onOpen: (id: string) => void;
};

/** The wall and nothing else, for a screen that somebody watches all night. Everything by arrow keys, Enter and Escape. */
export function GuardWall({ cameras, frames, line, nowMs, alerts, plain, one, onOne, onLeave, onOpen }: GuardNeeds) {
  const { ref: sizeRef, width, height } = useElementSize<HTMLUListElement>();
  const wall = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(0);
  const alone = cameras.find(({ id }) => id === one);
  const shown = alone === undefined ? cameras : [alone];
  const columns = bestColumns(shown.length, { width: Math.max(1, width), height: Math.max(1, height) });
  const list = useMergedRef<HTMLUListElement>(sizeRef);

  useEffect(() => {
    const element = wall.current;
    if (element === null) return undefined;
    element.focus();
    // Refused when nobody has pressed anything yet: the wall then fills the window.
    element.requestFullscreen().catch(() => undefined);
    const look = (): void => {
      if (document.fullscreenElement === null) onLeave();
    };
    document.addEventListener('fullscreenchange', look);
    return () => {
      document.removeEventListener('fullscreenchange', look);
      if (document.fullscreenElement !== null) void document.exitFullscreen();
    };
    // Once: what it does on leaving does not change what it shows.
  }, []);

  const onKey = (event: KeyboardEvent<HTMLElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const chosen = cameras[Math.min(at, cameras.length - 1)];
    const to = tileBeside(event.key, at, { count: cameras.length, columns: alone === undefined ? columns : 1 });
    if (to !== undefined) {
      setAt(to);
      if (alone !== undefined) onOne(cameras[to]?.id);
    } else if (event.key === 'Enter' && chosen !== undefined) {
      if (alone === undefined) onOne(chosen.id);
      else onOpen(alone.id);
    } else if (event.key === 'Escape' || event.key === 'Backspace') {
      if (alone === undefined) onLeave();
      else onOne(undefined);
    } else return;
    event.preventDefault();
  };
  return (
    <div
      ref={wall}
      className="guard"
      role="application"
      aria-label="Wall over the whole screen. Arrow keys choose a camera, Enter enlarges it, Escape goes back."
      tabIndex={0}
      onKeyDown={onKey}
    >
      <LineNotice line={line} />
      <ul className="guard-tiles" ref={list} style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
        {shown.map((camera) => (
          <WallTile
            key={camera.id}
            {...{ camera, frames, line, nowMs }}
            perSecond={alone === undefined ? manyPerSecond : onePerSecond}
            withBoxes={!plain.has(camera.id)}
            alert={alerts.get(camera.id)}
            onBoxes={undefined}
            isChosen={alone === undefined && cameras[at]?.id === camera.id}
          />
        ))}
      </ul>
      <p className="guard-hint">
        <kbd>←↑→↓</kbd> choose <kbd>Enter</kbd> {alone === undefined ? 'enlarge' : 'open its page'} <kbd>Esc</kbd> back
        <button type="button" className="plain-button" onClick={onLeave}>
          <IconX size={14} aria-hidden="true" /> Leave
        </button>
      </p>
      <p className="visually-hidden" role="status">
        {alone === undefined ? (cameras[at]?.name ?? '') : `${alone.name}, alone`}
      </p>
    </div>
  );
}
