import { useQuery } from '@tanstack/react-query';
import { Suspense, lazy } from 'react';
import { Redirect, Route, Switch, useLocation } from 'wouter';
import { sessionQuery, setupQuery } from '../api/queries.ts';
import { Loading } from '../parts/loading.tsx';
import { ProblemNotice } from '../parts/notice.tsx';
import { Shell } from './shell.tsx';

const ProviderReturn = lazy(async () => ({
  default: (await import('../rooms/sign-in/provider-return.tsx')).ProviderReturn,
}));
const CertificateReturn = lazy(async () => ({
  default: (await import('../rooms/sign-in/certificate-return.tsx')).CertificateReturn,
}));
const SetupRoom = lazy(async () => ({ default: (await import('../rooms/setup/setup-room.tsx')).SetupRoom }));
const InvitationRoom = lazy(async () => ({
  default: (await import('../rooms/setup/invitation-room.tsx')).InvitationRoom,
}));
const SignInRoom = lazy(async () => ({ default: (await import('../rooms/sign-in/sign-in-room.tsx')).SignInRoom }));
const BreakGlassRoom = lazy(async () => ({
  default: (await import('../rooms/sign-in/break-glass-room.tsx')).BreakGlassRoom,
}));
const OverviewRoom = lazy(async () => ({
  default: (await import('../rooms/overview/overview-room.tsx')).OverviewRoom,
}));
const AlertsRoom = lazy(async () => ({ default: (await import('../rooms/alerts/alerts-room.tsx')).AlertsRoom }));
const EntitiesRoom = lazy(async () => ({
  default: (await import('../rooms/entities/entities-room.tsx')).EntitiesRoom,
}));
const SearchRoom = lazy(async () => ({ default: (await import('../rooms/search/search-room.tsx')).SearchRoom }));
const RulesFrame = lazy(async () => ({ default: (await import('../rooms/rules/rules-frame.tsx')).RulesFrame }));
const HuntsRoom = lazy(async () => ({ default: (await import('../rooms/hunts/hunts-room.tsx')).HuntsRoom }));
const LiveRoom = lazy(async () => ({ default: (await import('../rooms/live/live-room.tsx')).LiveRoom }));
const CameraRoom = lazy(async () => ({ default: (await import('../rooms/live/camera-room.tsx')).CameraRoom }));
const ReviewRoom = lazy(async () => ({ default: (await import('../rooms/live/review-room.tsx')).ReviewRoom }));
const SourcesRoom = lazy(async () => ({ default: (await import('../rooms/sources/sources-room.tsx')).SourcesRoom }));
const AddSourceRoom = lazy(async () => ({
  default: (await import('../rooms/sources/add-source-room.tsx')).AddSourceRoom,
}));
const SourceRoom = lazy(async () => ({ default: (await import('../rooms/sources/source-room.tsx')).SourceRoom }));
const DevicesRoom = lazy(async () => ({ default: (await import('../rooms/devices/devices-room.tsx')).DevicesRoom }));
const AgentsFrame = lazy(async () => ({ default: (await import('../rooms/agents/agents-frame.tsx')).AgentsFrame }));
const LedgerRoom = lazy(async () => ({ default: (await import('../rooms/ledger/ledger-room.tsx')).LedgerRoom }));
const KeysRoom = lazy(async () => ({ default: (await import('../rooms/keys/keys-room.tsx')).KeysRoom }));
const RetentionRoom = lazy(async () => ({
  default: (await import('../rooms/retention/retention-room.tsx')).RetentionRoom,
}));
const PeopleFrame = lazy(async () => ({ default: (await import('../rooms/people/people-frame.tsx')).PeopleFrame }));
const SettingsRoom = lazy(async () => ({
  default: (await import('../rooms/settings/settings-room.tsx')).SettingsRoom,
}));
const DeviceRoom = lazy(async () => ({ default: (await import('../rooms/device/device-room.tsx')).DeviceRoom }));
const VerifyRoom = lazy(async () => ({ default: (await import('../rooms/verify/verify-room.tsx')).VerifyRoom }));
const TrustRoom = lazy(async () => ({ default: (await import('../rooms/trust/trust-room.tsx')).TrustRoom }));
const NoRoom = lazy(async () => ({ default: (await import('./no-room.tsx')).NoRoom }));

const shape = <Loading heights={[56, 220, 220]} />;

/** Setup before anything else, then who you are, then the rooms. */
export function App() {
  const setup = useQuery(setupQuery);
  const session = useQuery(sessionQuery);
  const [path] = useLocation();
  // For everybody, also where nobody has an account yet.
  if (path === '/trust') return <Suspense>{<TrustRoom />}</Suspense>;
  // Signed in or not: what comes back is a sign-in, a trial or a link.
  const cameFrom = /^\/sign-in\/provider\/(\w{1,64})$/.exec(path)?.[1];
  if (cameFrom !== undefined) return <Suspense>{<ProviderReturn id={cameFrom} />}</Suspense>;
  if (path === '/sign-in/certificate') return <Suspense>{<CertificateReturn />}</Suspense>;
  if (setup.isPending || session.isPending) return <div className="alone">{null}</div>;
  if (session.error !== null || setup.error !== null) {
    return (
      <div className="alone">
        <main>
          <ProblemNotice
            problem={session.error ?? setup.error}
            retry={() => void Promise.all([setup.refetch(), session.refetch()])}
          />
        </main>
      </div>
    );
  }
  // The setup room stays through its guided path, after the first session exists.
  if (path === '/setup') return <Suspense>{<SetupRoom needed={setup.data.needed} me={session.data} />}</Suspense>;
  if (path.startsWith('/invitation')) return <Suspense>{<InvitationRoom />}</Suspense>;
  // Who made the account and was interrupted before the second factor goes on by signing in.
  if (setup.data.needed && session.data === null && path !== '/sign-in')
    return <Redirect to={`/setup${location.hash}`} replace />;
  if (session.data === null && path === '/break-glass') return <Suspense>{<BreakGlassRoom />}</Suspense>;
  if (session.data === null) return <Suspense>{<SignInRoom />}</Suspense>;
  return (
    <Shell me={session.data}>
      <Suspense fallback={shape}>
        <Switch>
          <Route path="/sign-in">{<Redirect to="/" replace />}</Route>
          <Route path="/">{<OverviewRoom me={session.data} />}</Route>
          <Route path="/alerts">{<AlertsRoom me={session.data} />}</Route>
          <Route path="/alerts/rules">{<Redirect to={`/rules${location.search}`} replace />}</Route>
          <Route path="/rules/*?">{<RulesFrame me={session.data} />}</Route>
          <Route path="/entities">{<EntitiesRoom me={session.data} />}</Route>
          <Route path="/live">{<LiveRoom me={session.data} />}</Route>
          <Route path="/live/review">{<ReviewRoom />}</Route>
          <Route path="/live/:id">{<CameraRoom me={session.data} />}</Route>
          <Route path="/search">{<SearchRoom />}</Route>
          <Route path="/search/hunts">{<HuntsRoom me={session.data} />}</Route>
          <Route path="/sources">{<SourcesRoom me={session.data} />}</Route>
          <Route path="/sources/add">{<AddSourceRoom me={session.data} />}</Route>
          <Route path="/sources/:keyId/:name">{<SourceRoom me={session.data} />}</Route>
          <Route path="/devices">{<DevicesRoom me={session.data} />}</Route>
          <Route path="/agents/*?">{<AgentsFrame me={session.data} />}</Route>
          <Route path="/ledger">{<LedgerRoom me={session.data} />}</Route>
          <Route path="/keys">{<KeysRoom me={session.data} />}</Route>
          <Route path="/retention">{<RetentionRoom me={session.data} />}</Route>
          <Route path="/people/*?">{<PeopleFrame me={session.data} />}</Route>
          <Route path="/settings">{<SettingsRoom me={session.data} />}</Route>
          <Route path="/device">{<DeviceRoom me={session.data} />}</Route>
          <Route path="/verify">{<VerifyRoom />}</Route>
          <Route>{<NoRoom />}</Route>
        </Switch>
      </Suspense>
    </Shell>
  );
}
