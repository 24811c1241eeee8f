import { SegmentedControl, Switch, useMantineColorScheme } from '@mantine/core';
import type { MantineColorScheme } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { Me } from '../../api/queries.ts';
import { notificationKey, playTone, soundKey } from '../../app/announce-alert.ts';
import { useAddress } from '../../app/address.ts';
import { may } from '../../app/rooms.ts';
import { ClockPicker } from '../../parts/clock.tsx';
import { RoomHead } from '../../parts/room-head.tsx';
import { OrganizationForm } from '../setup/guided-path.tsx';
import { Account } from './account/account.tsx';
import { ApiKeys } from './api-keys.tsx';
import { HttpsPanel } from './https/https-panel.tsx';
import { SyslogListeners } from './listeners.tsx';
import { ServerClock } from './server-clock.tsx';
import { Suppressions } from './suppressions.tsx';

const schemes: readonly { readonly value: MantineColorScheme; readonly label: string }[] = [
  { value: 'auto', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
];

const tabs = [
  { value: 'server', label: 'Server and browser' },
  { value: 'account', label: 'Account' },
];

export function SettingsRoom({ me }: { readonly me: Me }) {
  const { get, change } = useAddress();
  const tab = get('tab') === 'account' ? 'account' : 'server';
  return (
    <div className="room-inner narrow">
      <RoomHead title="Settings">
        <SegmentedControl
          aria-label="What to set"
          value={tab}
          data={tabs}
          onChange={(value) => change({ tab: value === 'server' ? undefined : value, do: undefined })}
        />
      </RoomHead>
      {tab === 'account' ? <Account me={me} /> : <ServerAndBrowser me={me} />}
    </div>
  );
}

function ServerAndBrowser({ me }: { readonly me: Me }) {
  const settings = useQuery({
    queryKey: ['settings'],
    queryFn: ({ signal }) => call('GET /v1/settings', { signal }),
    enabled: may(me, 'settings:read'),
  });
  const organization = settings.data?.organization ?? '';
  return (
    <>
      <section className="sheet" aria-labelledby="organization">
        <h2 id="organization">Organisation</h2>
        {may(me, 'settings:manage') ? (
          <OrganizationForm key={organization} name={organization} />
        ) : (
          <p>
            {organization === '' ? 'Not named yet.' : organization}{' '}
            <span className="quiet">An administrator may change it.</span>
          </p>
        )}
      </section>
      <ThisBrowser />
      {may(me, 'keys:manage') ? <ApiKeys /> : null}
      {may(me, 'settings:read') ? <ServerClock /> : null}
      {may(me, 'settings:read') ? <SyslogListeners canChange={may(me, 'settings:manage')} /> : null}
      {may(me, 'alerts:read') ? <Suppressions canChange={may(me, 'rules:manage')} /> : null}
      <section className="sheet" aria-labelledby="https">
        <h2 id="https">HTTPS for others</h2>
        {may(me, 'settings:read') ? (
          <HttpsPanel canChange={may(me, 'settings:manage')} />
        ) : (
          <p className="quiet">An administrator sees to it.</p>
        )}
      </section>
    </>
  );
}

/** Kept by this browser, for whoever uses it. */
function ThisBrowser() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [sound, setSound] = useLocalStorage({ key: soundKey, defaultValue: false, getInitialValueInEffect: false });
  const [notification, setNotification] = useLocalStorage({
    key: notificationKey,
    defaultValue: false,
    getInitialValueInEffect: false,
  });
  const canNotify = 'Notification' in window;
  return (
    <section className="sheet" aria-labelledby="browser">
      <h2 id="browser">This browser</h2>
      <div className="setting">
        <span>Theme</span>
        <SegmentedControl
          aria-label="Theme"
          value={colorScheme}
          data={schemes.map((entry) => ({ ...entry }))}
          onChange={setColorScheme}
        />
      </div>
      <div className="setting">
        <span>Times</span>
        <ClockPicker />
      </div>
      <div className="setting">
        <Switch
          label="A soft tone for each new alert"
          checked={sound}
          onChange={(event) => {
            setSound(event.currentTarget.checked);
            if (event.currentTarget.checked) playTone(false);
          }}
        />
      </div>
      <div className="setting">
        <Switch
          label="A notification when this window is not in sight"
          description={
            canNotify && Notification.permission === 'denied'
              ? 'The browser forbids it for this address.'
              : 'Of each new alert, and when an AI agent waits for your answer.'
          }
          disabled={!canNotify || Notification.permission === 'denied'}
          // Taken back in the browser, it tells nothing any more.
          checked={notification && canNotify && Notification.permission === 'granted'}
          onChange={(event) => {
            const wanted = event.currentTarget.checked;
            if (!wanted) setNotification(false);
            else void Notification.requestPermission().then((answer) => setNotification(answer === 'granted'));
          }}
        />
      </div>
    </section>
  );
}
