import { Button } from '@mantine/core';
import { Clock } from '../../parts/clock.tsx';
import { aboutWords, kindWords, whereWords } from './device-words.ts';
import { DeviceStateMark } from './device-state.tsx';
import type { Device } from './devices-query.ts';

/** One row a device, which folds into a card where there is no room for columns. */
export function DeviceList({
  devices,
  label,
  actions,
}: {
  readonly devices: readonly Device[];
  readonly label: string;
  /** Undefined for whoever may only look, and for what nobody can change any more. */
  readonly actions?: { readonly change: (device: Device) => void; readonly revoke: (device: Device) => void };
}) {
  return (
    <ul className="device-list" aria-label={label}>
      {devices.map((device) => (
        <li key={device.id}>
          <div className="device-name">
            <strong>{device.name}</strong>
            <span className="quiet small">
              {[kindWords[device.kind], aboutWords(device)].filter((part) => part !== '').join(' · ')}
            </span>
          </div>
          <div className="device-where">
            {whereWords(device) === '' ? <span className="quiet">no place</span> : whereWords(device)}
          </div>
          <div className="device-state">
            <DeviceStateMark state={device.state} />
            <span className="quiet small">
              {device.revoked_ms === undefined ? (
                <>
                  seen <Clock at={device.last_seen_ms} />
                </>
              ) : (
                <>
                  <Clock at={device.revoked_ms} /> by {device.revoked_by ?? 'somebody'}
                </>
              )}
            </span>
          </div>
          {actions === undefined ? null : (
            <div className="row nowrap device-actions">
              <Button
                size="compact-sm"
                variant="default"
                aria-label={`Change ${device.name}`}
                onClick={() => actions.change(device)}
              >
                Change…
              </Button>
              <Button
                size="compact-sm"
                variant="default"
                aria-label={`Shut out ${device.name}`}
                onClick={() => actions.revoke(device)}
              >
                Shut out…
              </Button>
            </div>
          )}
        </li>
      ))}
    </ul>
  );
}
