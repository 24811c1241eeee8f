import { lazy } from 'react';
import { Route } from 'wouter';
import type { Me } from '../../api/queries.ts';
import { RoomPages } from '../../app/room-pages.tsx';
import type { RoomPage } from '../../app/room-pages.tsx';
import { RulesRoom } from './rules-room.tsx';

const CoveragePage = lazy(async () => ({ default: (await import('./coverage/coverage-page.tsx')).CoveragePage }));
const ExceptionsPage = lazy(async () => ({
  default: (await import('./exceptions/exceptions-page.tsx')).ExceptionsPage,
}));
const StudioPage = lazy(async () => ({ default: (await import('./studio/studio-page.tsx')).StudioPage }));
const StudioDocument = lazy(async () => ({ default: (await import('./studio/studio-document.tsx')).StudioDocument }));
const PacksPage = lazy(async () => ({ default: (await import('./packs/packs-page.tsx')).PacksPage }));

/** The pages of the room, one line each; pages of a page stand under its path. */
const pages: readonly RoomPage[] = [
  { path: '/rules', name: 'Scorecards', needs: ['alerts:read'], show: () => <RulesRoom /> },
  { path: '/rules/studio', name: 'Studio', needs: ['rules:read'], show: (me) => <StudioPage me={me} /> },
  { path: '/rules/packs', name: 'Packs', needs: ['alerts:read'], show: (me) => <PacksPage me={me} /> },
  { path: '/rules/exceptions', name: 'Exceptions', needs: ['alerts:read'], show: (me) => <ExceptionsPage me={me} /> },
  { path: '/rules/coverage', name: 'Coverage', needs: ['alerts:read'], show: () => <CoveragePage /> },
];

/** Everything about rules: what they are worth, writing them, where they come from, what is taken out of them, what they cover. */
export function RulesFrame({ me }: { readonly me: Me }) {
  return (
    <RoomPages label="Rules" pages={pages} me={me}>
      <Route path="/rules/studio/:id">{({ id }) => <StudioDocument key={id} id={id} me={me} />}</Route>
    </RoomPages>
  );
}
