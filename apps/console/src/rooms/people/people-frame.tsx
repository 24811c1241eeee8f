import { Suspense, lazy, useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { Link, Route, Switch, useLocation } from 'wouter';
import type { Me } from '../../api/queries.ts';
import { NoRoom } from '../../app/no-room.tsx';
import { may } from '../../app/rooms.ts';
import { Loading } from '../../parts/loading.tsx';
import { PeopleRoom } from './people-room.tsx';

const RequestsPage = lazy(async () => ({ default: (await import('./requests/requests-page.tsx')).RequestsPage }));

const ProvidersRoom = lazy(async () => ({ default: (await import('./providers/providers-room.tsx')).ProvidersRoom }));

const RiskPage = lazy(async () => ({ default: (await import('./risk/risk-page.tsx')).RiskPage }));
const ServicesPage = lazy(async () => ({ default: (await import('./services/services-page.tsx')).ServicesPage }));

const PolicyRoom = lazy(async () => ({ default: (await import('./policy/policy-room.tsx')).PolicyRoom }));

const SignInRulesPage = lazy(async () => ({
  default: (await import('./sign-in-rules/sign-in-rules-page.tsx')).SignInRulesPage,
}));

type Page = {
  readonly path: string;
  readonly name: string;
  readonly needs: readonly string[];
  readonly show: (me: Me) => ReactNode;
};

/** The pages of the room, one line each; pages of a page stand under its path. */
const pages: readonly Page[] = [
  {
    path: '/people',
    name: 'People',
    needs: ['users:read', 'sessions:own', 'audit:read'],
    show: (me) => <PeopleRoom me={me} />,
  },
  {
    path: '/people/risk',
    name: 'Sign-ins and risk',
    needs: ['users:read'],
    show: () => <RiskPage />,
  },
  {
    path: '/people/sign-in-rules',
    name: 'Sign-in rules',
    needs: ['settings:read'],
    show: (me) => <SignInRulesPage me={me} />,
  },
  {
    path: '/people/requests',
    name: 'Requests',
    needs: ['sessions:own'],
    show: (me) => <RequestsPage me={me} />,
  },
  {
    path: '/people/providers',
    name: 'Sign-in providers',
    needs: ['settings:read'],
    show: (me) => <ProvidersRoom me={me} />,
  },
  {
    path: '/people/policy',
    name: 'Policy',
    needs: ['settings:read'],
    show: (me) => <PolicyRoom me={me} />,
  },
  {
    path: '/people/services',
    name: 'Service accounts',
    needs: ['keys:manage'],
    show: (me) => <ServicesPage me={me} />,
  },
];

/** Everything about who may come in, how, and what they may do here. */
export function PeopleFrame({ me }: { readonly me: Me }) {
  const [path] = useLocation();
  const shown = pages.filter(({ needs }) => needs.some((action) => may(me, action)));
  const current = shown.find(
    (page) => path === page.path || (page.path !== '/people' && path.startsWith(`${page.path}/`)),
  );
  const rail = useRef<HTMLElement>(null);
  // On a phone the row of names is longer than the screen.
  useEffect(() => {
    rail.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [current]);
  return (
    <div className="rules-frame">
      <nav className="sub-rail" aria-label="People and access" ref={rail}>
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
          <Route>
            <NoRoom />
          </Route>
        </Switch>
      </Suspense>
    </div>
  );
}
