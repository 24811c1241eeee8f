import { lazy } from 'react';
import type { Me } from '../../api/queries.ts';
import { RoomPages } from '../../app/room-pages.tsx';
import type { RoomPage } from '../../app/room-pages.tsx';
import { PeopleRoom } from './people-room.tsx';

const RequestsPage = lazy(async () => ({ default: (await import('./requests/requests-page.tsx')).RequestsPage }));
const ProvidersRoom = lazy(async () => ({ default: (await import('./providers/providers-room.tsx')).ProvidersRoom }));
const RiskPage = lazy(async () => ({ default: (await import('./risk/risk-page.tsx')).RiskPage }));
const ServicesPage = lazy(async () => ({ default: (await import('./services/services-page.tsx')).ServicesPage }));
const PolicyRoom = lazy(async () => ({ default: (await import('./policy/policy-room.tsx')).PolicyRoom }));
const AuthoritiesPage = lazy(async () => ({
  default: (await import('./certificates/authorities-page.tsx')).AuthoritiesPage,
}));
const SignInRulesPage = lazy(async () => ({
  default: (await import('./sign-in-rules/sign-in-rules-page.tsx')).SignInRulesPage,
}));

/** The pages of the room, one line each; pages of a page stand under its path. */
const pages: readonly RoomPage[] = [
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
    show: (me) => <RiskPage me={me} />,
  },
  {
    path: '/people/sign-in-rules',
    name: 'Sign-in rules',
    needs: ['settings:read'],
    show: (me) => <SignInRulesPage me={me} />,
  },
  {
    path: '/people/certificates',
    name: 'Smart cards',
    needs: ['settings:read'],
    show: (me) => <AuthoritiesPage me={me} />,
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
  return <RoomPages label="People and access" pages={pages} me={me} />;
}
