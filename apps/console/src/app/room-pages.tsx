import { Suspense, useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { Link, Route, Switch, useLocation } from 'wouter';
import type { Me } from '../api/queries.ts';
import { Loading } from '../parts/loading.tsx';
import { NoRoom } from './no-room.tsx';
import { may } from './rooms.ts';

export type RoomPage = {
  readonly path: string;
  readonly name: string;
  /** Whoever may do one of these sees it. */
  readonly needs: readonly string[];
  readonly show: (me: Me) => ReactNode;
};

/** A room of several pages with a row of their names; the first stands under the room's own path, pages of a page under that page's. */
export function RoomPages({
  label,
  pages,
  me,
  children,
}: {
  readonly label: string;
  readonly pages: readonly RoomPage[];
  readonly me: Me;
  /** Routes of single things, which have no name in the row. */
  readonly children?: ReactNode;
}) {
  const [path] = useLocation();
  const shown = pages.filter(({ needs }) => needs.some((action) => may(me, action)));
  const root = pages[0]?.path;
  const current = shown.find((page) => path === page.path || (page.path !== root && path.startsWith(`${page.path}/`)));
  const rail = useRef<HTMLElement>(null);
  // On a phone the row of names is longer than the screen.
  useEffect(() => {
    rail.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [current]);
  return (
    <div className="rules-frame">
      <nav className="sub-rail" aria-label={label} ref={rail}>
        {shown.map((page) => (
          <Link
            key={page.path}
            href={page.path}
            className={page === current ? 'current' : ''}
            aria-current={page === current ? 'page' : undefined}
          >
            {page.name}
          </Link>
        ))}
      </nav>
      <Suspense fallback={<Loading heights={[56, 220]} />}>
        <Switch>
          {shown.map((page) => (
            <Route key={page.path} path={page.path}>
              {page.show(me)}
            </Route>
          ))}
          {children}
          <Route>
            <NoRoom />
          </Route>
        </Switch>
      </Suspense>
    </div>
  );
}
