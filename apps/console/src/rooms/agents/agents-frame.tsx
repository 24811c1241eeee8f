import { lazy } from 'react';
import { Redirect, Route } from 'wouter';
import type { Me } from '../../api/queries.ts';
import { RoomPages } from '../../app/room-pages.tsx';
import type { RoomPage } from '../../app/room-pages.tsx';
import { may } from '../../app/rooms.ts';
import { AgentsRoom } from './agents-room.tsx';

const ApprovalsPage = lazy(async () => ({ default: (await import('./approvals/approvals-page.tsx')).ApprovalsPage }));
const ServersPage = lazy(async () => ({ default: (await import('./servers/servers-page.tsx')).ServersPage }));
const ServerPage = lazy(async () => ({ default: (await import('./servers/server-page.tsx')).ServerPage }));

const OwnPoliciesPage = lazy(async () => ({
  default: (await import('./policies/own-policies-page.tsx')).OwnPoliciesPage,
}));
const CoveragePage = lazy(async () => ({ default: (await import('./coverage-page.tsx')).CoveragePage }));

/** The pages of the room, one line each; pages of a page stand under its path. */
const pages: readonly RoomPage[] = [
  { path: '/agents', name: 'Agents', needs: ['agents:read'], show: (me) => <AgentsRoom me={me} /> },
  {
    path: '/agents/approvals',
    name: 'Approvals',
    needs: ['agents:read', 'agents:run'],
    show: (me) => <ApprovalsPage me={me} />,
  },
  { path: '/agents/servers', name: 'Tool servers', needs: ['agents:read'], show: () => <ServersPage /> },
  { path: '/agents/policies', name: 'Policies', needs: ['agents:read'], show: (me) => <OwnPoliciesPage me={me} /> },
  { path: '/agents/coverage', name: 'Coverage', needs: ['agents:read'], show: () => <CoveragePage /> },
];

/** Everything about AI agents: what goes on, what they may use, who is asked. */
export function AgentsFrame({ me }: { readonly me: Me }) {
  return (
    <RoomPages label="Agents" pages={pages} me={me}>
      {may(me, 'agents:read') ? (
        <Route path="/agents/servers/:id">
          {({ id }) => <ServerPage key={id} id={id} canManage={may(me, 'agents:manage')} />}
        </Route>
      ) : (
        // Whoever runs agents of their own is asked about them, and sees no others.
        <Route path="/agents">{<Redirect to="/agents/approvals" replace />}</Route>
      )}
    </RoomPages>
  );
}
