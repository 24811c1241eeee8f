import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Me } from '../../api/queries.ts';
import { useAddress } from '../../app/address.ts';
import { may } from '../../app/rooms.ts';
import { EmptyRoom } from '../../parts/empty-room.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { RoomHead } from '../../parts/room-head.tsx';
import { ChangeDevice } from './change-device.tsx';
import { DecideDevice } from './decide-device.tsx';
import { DeviceList } from './device-list.tsx';
import { sorted } from './device-words.ts';
import { devicesQuery } from './devices-query.ts';
import type { Device } from './devices-query.ts';
import { EnrolDialog } from './enrol-dialog.tsx';
import { RevokeDevice } from './revoke-device.tsx';

type Asked = { readonly what: 'change' | 'revoke'; readonly device: Device };

/** Phones, computers and cameras that send: who waits, who is let in, who was shut out. */
export function DevicesRoom({ me }: { readonly me: Me }) {
  const { get, change } = useAddress();
  const { data, error, refetch } = useQuery(devicesQuery);
  const [asked, setAsked] = useState<Asked>();
  const canManage = may(me, 'devices:manage');
  const isEnrolling = canManage && get('enrol') !== undefined;
  const enrol = (
    <Button onClick={() => change({ enrol: '1' })} disabled={!canManage}>
      Enrol a device
    </Button>
  );
  const { waiting, approved, revoked } = sorted(data?.devices ?? []);
  const sites = [...new Set((data?.devices ?? []).map(({ site }) => site).filter((site) => site !== ''))].toSorted();
  const isEmpty = data !== undefined && data.devices.length === 0;
  return (
    <div className="room-inner">
      <RoomHead
        title="Devices"
        lead="Phones, computers and cameras that send what they see. Each holds a key of its own and may send, nothing else."
      >
        {canManage && !isEmpty ? enrol : null}
      </RoomHead>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[72, 72]} /> : null}
      {isEmpty ? (
        <EmptyRoom title="No device yet" action={canManage ? enrol : undefined}>
          {canManage
            ? 'An old phone on a windowsill is a camera: show it a code, compare six numbers, and it is let in.'
            : 'An old phone on a windowsill is a camera. An administrator can enrol one here.'}
        </EmptyRoom>
      ) : null}
      {waiting.length === 0 ? null : (
        <section className="stack" aria-labelledby="waiting-devices">
          <h2 id="waiting-devices">{canManage ? 'Wait for your answer' : 'Wait for an administrator'}</h2>
          <ul className="waiting-devices">
            {waiting.map((device) => (
              <li key={device.id} className="sheet">
                <h3>{device.name}</h3>
                {canManage ? (
                  <DecideDevice device={device} />
                ) : (
                  <p className="quiet">It is let in when an administrator has compared its numbers.</p>
                )}
              </li>
            ))}
          </ul>
        </section>
      )}
      {approved.length === 0 ? null : (
        <section className="sheet flush" aria-label="Let in">
          <DeviceList
            devices={approved}
            label="Devices that are let in"
            {...(canManage
              ? {
                  actions: {
                    change: (device: Device) => setAsked({ what: 'change', device }),
                    revoke: (device: Device) => setAsked({ what: 'revoke', device }),
                  },
                }
              : {})}
          />
        </section>
      )}
      {revoked.length === 0 ? null : (
        <details className="fold" open={get('revoked') !== undefined}>
          <summary>{revoked.length} refused or shut out</summary>
          <section className="sheet flush" aria-label="Shut out">
            <DeviceList devices={revoked} label="Devices that were shut out" />
          </section>
        </details>
      )}
      {isEnrolling ? <EnrolDialog sites={sites} onClose={() => change({ enrol: undefined })} /> : null}
      {asked?.what === 'change' ? <ChangeDevice device={asked.device} onClose={() => setAsked(undefined)} /> : null}
      {asked?.what === 'revoke' ? <RevokeDevice device={asked.device} onClose={() => setAsked(undefined)} /> : null}
    </div>
  );
}
