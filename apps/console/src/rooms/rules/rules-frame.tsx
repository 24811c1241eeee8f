import { Suspense, lazy } from 'react';
import type { ReactNode } from 'react';
import { Link, Route, Switch, useLocation } from 'wouter';
import type { Me } from '../../api/queries.ts';
import { NoRoom } from '../../app/no-room.tsx';
import { may } from '../../app/rooms.ts';
import { Loading } from '../../parts/loading.tsx';
import { RulesRoom } from './rules-room.tsx';

const CoveragePage = lazy(async () => ({ default: (await import('./coverage/coverage-page.tsx')).CoveragePage }));
const ExceptionsPage = lazy(async () => ({
  default: (await import('./exceptions/exceptions-page.tsx')).ExceptionsPage,
}));
const StudioPage = lazy(async () => ({ default: (await import('./studio/studio-page.tsx')).StudioPage }));
const StudioDocument = lazy(async () => ({ default: (await import('./studio/studio-document.tsx')).StudioDocument }));
const PacksPage = lazy(async () => ({ default: (await import('./packs/packs-page.tsx')).PacksPage }));

type Page = {
  readonly path: string;
  readonly name: string;
  readonly needs: string;
  readonly show: (me: Me) => ReactNode;
};

/** The pages of the room, one line each; pages of a page stand under its path. */
const pages: readonly Page[] = [
  { path: '/rules', name: 'Scorecards', needs: 'alerts:read', show: () => <RulesRoom /> },
  { path: '/rules/studio', name: 'Studio', needs: 'rules:read', show: (me) => <StudioPage me={me} /> },
  { path: '/rules/packs', name: 'Packs', needs: 'alerts:read', show: (me) => <PacksPage me={me} /> },
  { path: '/rules/exceptions', name: 'Exceptions', needs: 'alerts:read', show: (me) => <ExceptionsPage me={me} /> },
  { path: '/rules/coverage', name: 'Coverage', needs: 'alerts:read', show: () => <CoveragePage /> },
];

/** Everything about rules: what they are worth, writing them, where they come from, what is taken out of them, what they cover. */
export function RulesFrame({ me }: { readonly me: Me }) {
  const [path] = useLocation();
  const shown = pages.filter(({ needs }) => may(me, needs));
  const current = shown.find(
    (page) => path === page.path || (page.path !== '/rules' && path.startsWith(`${page.path}/`)),
  );
  return (
    <div className="rules-frame">
      <nav className="sub-rail" aria-label="Rules">
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
          <Route path="/rules/studio/:id">{({ id }) => <StudioDocument key={id} id={id} me={me} />}</Route>
          <Route>
            <NoRoom />
          </Route>
        </Switch>
      </Suspense>
    </div>
  );
}
