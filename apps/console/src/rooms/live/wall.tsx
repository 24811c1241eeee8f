import { SegmentedControl } from '@mantine/core';
import { IconMaximize } from '@tabler/icons-react';
import { useRef } from 'react';
import type { KeyboardEvent } from 'react';
import { useLocation } from 'wouter';
import { useAddress } from '../../app/address.ts';
import { printable } from '../../parts/printable.ts';
import { cameraAddress } from './camera-queries.ts';
import type { CameraRow } from './camera-types.ts';
import { GuardWall } from './guard-wall.tsx';
import { LineNotice } from './line-notice.tsx';
import { useLiveFrames, useLineState, useServerNow } from './use-live-frames.ts';
import { useRecentAlerts } from './use-recent-alerts.ts';
import { columnsOf, tileBeside } from './wall-layout.ts';
import { WallTile } from './wall-tile.tsx';

const sizes = ['small', 'medium', 'large'] as const;
type TileSize = (typeof sizes)[number];
/** Small tiles tell as much with fewer pictures. */
const perSecondOf: Readonly<Record<TileSize, number>> = { small: 5, medium: 8, large: 12 };

/** Every camera side by side. Arrow keys go from tile to tile, Enter opens one, f fills the screen. */
export function Wall({ cameras }: { readonly cameras: readonly CameraRow[] }) {
  const { get, change } = useAddress();
  const [, navigate] = useLocation();
  const frames = useLiveFrames();
  const line = useLineState(frames);
  const nowMs = useServerNow(frames);
  const alerts = useRecentAlerts();
  const links = useRef(new Map<string, HTMLAnchorElement>());
  const size = sizes.find((known) => known === get('size')) ?? 'medium';
  const site = get('site');
  const plain = new Set((get('plain') ?? '').split(',').filter((id) => id !== ''));
  const sites = [...new Set(cameras.map((camera) => camera.site))].filter((name) => name !== '').toSorted();
  // A guard knows where each picture hangs: the order depends on nothing that changes.
  const shown = cameras
    .filter((camera) => site === undefined || camera.site === site)
    .toSorted((a, b) => wallOrder(a).localeCompare(wallOrder(b), undefined, { numeric: true }));
  const toggleBoxes = (id: string): void => {
    const after = new Set(plain);
    if (!after.delete(id)) after.add(id);
    change({ plain: [...after].join(',') }, { replace: true });
  };
  const onKey = (event: KeyboardEvent<HTMLElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'f') {
      change({ guard: '1' });
      event.preventDefault();
      return;
    }
    const all = shown.flatMap(({ id }) => links.current.get(id) ?? []);
    const at = all.findIndex((link) => link === document.activeElement);
    if (at === -1) return;
    const columns = columnsOf(all.map((link) => link.getBoundingClientRect().top));
    const to = tileBeside(event.key, at, { count: all.length, columns });
    if (to === undefined) return;
    all[to]?.focus();
    event.preventDefault();
  };
  if (get('guard') === '1')
    return (
      <GuardWall
        {...{ cameras: shown, frames, line, nowMs, alerts, plain }}
        one={get('tile')}
        onOne={(tile) => change({ tile }, { replace: true })}
        onLeave={() => change({ guard: undefined, tile: undefined })}
        onOpen={(id) => navigate(cameraAddress(id))}
      />
    );
  return (
    <section className="stack" aria-label="Wall" onKeyDown={onKey}>
      <LineNotice line={line} />
      <div className="row wall-tools">
        <SegmentedControl
          aria-label="Size of the pictures"
          value={size}
          data={sizes.map((value) => ({ value, label: `${value.charAt(0).toUpperCase()}${value.slice(1)}` }))}
          onChange={(value) => change({ size: value === 'medium' ? undefined : value }, { replace: true })}
        />
        {sites.length < 2 ? null : (
          <div className="state-filter" role="group" aria-label="Site">
            <button type="button" aria-pressed={site === undefined} onClick={() => change({ site: undefined })}>
              All sites
            </button>
            {sites.map((name) => (
              <button key={name} type="button" aria-pressed={site === name} onClick={() => change({ site: name })}>
                {printable(name)}
              </button>
            ))}
          </div>
        )}
        <button type="button" className="primary-link quiet-link wall-guard" onClick={() => change({ guard: '1' })}>
          <IconMaximize size={16} stroke={1.8} aria-hidden="true" /> Fill the screen
        </button>
      </div>
      <ul className="wall" data-size={size} aria-label="Cameras">
        {shown.map((camera) => (
          <WallTile
            key={camera.id}
            {...{ camera, frames, line, nowMs }}
            perSecond={perSecondOf[size]}
            withBoxes={!plain.has(camera.id)}
            alert={alerts.get(camera.id)}
            onBoxes={() => toggleBoxes(camera.id)}
            linkRef={(link) => {
              if (link === null) links.current.delete(camera.id);
              else links.current.set(camera.id, link);
            }}
          />
        ))}
      </ul>
      {shown.length === 0 ? (
        <p className="quiet" role="status">
          No camera at this site.{' '}
          <button type="button" className="plain-button" onClick={() => change({ site: undefined })}>
            Show all
          </button>
        </p>
      ) : null}
    </section>
  );
}

/** By site, place and name; what nobody has placed yet comes last. */
function wallOrder({ site, place, name, id }: CameraRow): string {
  return [site, place]
    .map((part) => (part === '' ? '\u{10ffff}' : part))
    .concat(name, id)
    .join('\n');
}
