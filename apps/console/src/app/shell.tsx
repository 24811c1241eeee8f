import { useHotkeys } from '@mantine/hooks';
import { IconCommand, IconDots, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { keepFresh } from '../api/fresh-session.ts';
import { countOf, overviewQuery } from '../api/queries.ts';
import type { Me } from '../api/queries.ts';
import { formatCompact } from '../parts/numbers.ts';
import { ApprovalBanner, ApprovalCount } from '../rooms/agents/approvals/approval-banner.tsx';
import { hearsOfApprovals } from '../rooms/agents/approvals/approvals-query.ts';
import { GrantBanner } from './grant-banner.tsx';
import { LiveMark } from './live-mark.tsx';
import { AlertToast } from './alert-toast.tsx';
import { Palette } from './palette.tsx';
import { RoomBoundary } from './room-boundary.tsx';
import { may, roomOf, roomsFor } from './rooms.ts';
import type { Room } from './rooms.ts';
import { UserMenu } from './user-menu.tsx';
import { useLive } from './use-live.ts';
import { Wordmark } from './wordmark.tsx';

/** A thumb finds so many side by side at 320 pixels; the rest is behind the last of them. */
const mostInBar = 5;

/** The rail, the room, and on narrow screens the bar below. */
export function Shell({ me, children }: { readonly me: Me; readonly children: ReactNode }) {
  const live = useLive(may(me, 'events:read'), hearsOfApprovals(me));
  const [path] = useLocation();
  const [isPaletteOpen, setPaletteOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const isBound = me.session.browser_key !== null;
  useEffect(() => (isBound ? keepFresh() : undefined), [isBound]);
  useHotkeys([['mod+K', () => setPaletteOpen((open) => !open)]], []);
  // A reader of the page hears the new room, and Tab goes on from its start.
  const lastPath = useRef(path);
  useEffect(() => {
    if (lastPath.current !== path) main.current?.focus({ preventScroll: true });
    lastPath.current = path;
  }, [path]);
  const rooms = roomsFor(me);
  const current = roomOf(path);
  const inBar = rooms.length > mostInBar ? rooms.slice(0, mostInBar - 1) : rooms;
  return (
    <div className="shell">
      <a className="skip-link" href="#room">
        Skip to the room
      </a>
      <nav className="rail" aria-label="Rooms">
        <Wordmark organization={me.organization} />
        {rooms.map((room) => (
          <RoomLink key={room.path} room={room} me={me} isCurrent={room.path === current} className="rail-link" />
        ))}
        <div className="rail-foot">
          <button type="button" className="rail-link" onClick={() => setPaletteOpen(true)}>
            <IconCommand aria-hidden="true" /> Find anything <kbd>⌘K</kbd>
          </button>
          <LiveMark live={live} />
          <UserMenu me={me} />
        </div>
      </nav>
      <header className="top">
        <Link href="/" className="top-gate" aria-label="Overview">
          <img src="/gate.svg" width={28} height={28} alt="" />
        </Link>
        <button type="button" className="top-find" onClick={() => setPaletteOpen(true)}>
          <IconSearch size={18} stroke={1.7} aria-hidden="true" /> Find anything
        </button>
        <LiveMark live={live} />
      </header>
      <main id="room" className="room" tabIndex={-1} ref={main}>
        <GrantBanner />
        <ApprovalBanner me={me} />
        <RoomBoundary key={path}>{children}</RoomBoundary>
      </main>
      <nav className="bar" aria-label="Rooms, narrow">
        {inBar.map((room) => (
          <RoomLink key={room.path} room={room} me={me} isCurrent={room.path === current} className="bar-link" />
        ))}
        {inBar.length === rooms.length ? null : (
          <button type="button" className="bar-link" onClick={() => setPaletteOpen(true)}>
            <IconDots size={22} stroke={1.7} aria-hidden="true" />
            <span>More</span>
            {inBar.some(({ path: known }) => known === '/agents') ? null : <ApprovalCount me={me} />}
          </button>
        )}
      </nav>
      <AlertToast withPicture={may(me, 'cameras:read')} />
      <Palette me={me} opened={isPaletteOpen} onClose={() => setPaletteOpen(false)} />
    </div>
  );
}

function RoomLink({
  room,
  me,
  isCurrent,
  className,
}: {
  readonly room: Room;
  readonly me: Me;
  readonly isCurrent: boolean;
  readonly className: string;
}) {
  const Icon = room.icon;
  const narrow = className === 'bar-link';
  return (
    <Link href={room.path} className={className} aria-current={isCurrent ? 'page' : undefined}>
      <Icon size={narrow ? 22 : 18} stroke={1.7} aria-hidden="true" />
      <span>{narrow ? room.name.split(' ')[0] : room.name}</span>
      {room.path === '/alerts' ? <NewAlertCount /> : null}
      {room.path === '/agents' ? <ApprovalCount me={me} /> : null}
    </Link>
  );
}

function NewAlertCount() {
  const { data } = useQuery({ ...overviewQuery, select: ({ alerts }) => countOf(alerts, 'new') });
  if (data === undefined || data === 0) return null;
  return (
    <span className="rail-count">
      {formatCompact(data)} <span className="visually-hidden">new</span>
    </span>
  );
}
