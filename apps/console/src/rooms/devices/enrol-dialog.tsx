import { Button, Modal } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { Loading } from '../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { DecideDevice } from './decide-device.tsx';
import { deviceQuery, devicesQuery } from './devices-query.ts';
import type { Device, Invited, MadeStream } from './devices-query.ts';
import { EnrolCode } from './enrol-code.tsx';
import { EnrolForm } from './enrol-form.tsx';
import { StreamKey } from './stream-key.tsx';

type Step =
  | { readonly kind: 'form' }
  | { readonly kind: 'code'; readonly made: Invited; readonly device: Device['kind'] }
  | { readonly kind: 'stream'; readonly made: MadeStream }
  | { readonly kind: 'decide'; readonly deviceId: string };

const titles = {
  form: 'Enrol a device',
  code: 'Scan it with the device',
  stream: 'Write this into the program',
  decide: 'Is it this one?',
} as const;

/** From a name to a device that is let in, without leaving the dialog. */
export function EnrolDialog({ sites, onClose }: { readonly sites: readonly string[]; readonly onClose: () => void }) {
  const [step, setStep] = useState<Step>({ kind: 'form' });
  const queries = useQueryClient();
  const showKey = (made: MadeStream): void => {
    setStep({ kind: 'stream', made });
    void queries.invalidateQueries({ queryKey: devicesQuery.queryKey, exact: true });
  };
  const arrived = useCallback(
    (deviceId: string) => {
      setStep({ kind: 'decide', deviceId });
      void queries.invalidateQueries({ queryKey: devicesQuery.queryKey, exact: true });
    },
    [queries],
  );
  return (
    <Modal opened onClose={onClose} title={titles[step.kind]} closeOnClickOutside={false}>
      {step.kind === 'form' ? (
        <EnrolForm
          sites={sites}
          onMade={(made, device) => setStep({ kind: 'code', made, device })}
          onStream={showKey}
        />
      ) : null}
      {step.kind === 'code' ? (
        <EnrolCode made={step.made} kind={step.device} onArrived={arrived} onOver={() => setStep({ kind: 'form' })} />
      ) : null}
      {step.kind === 'stream' ? <StreamKey made={step.made} onClose={onClose} /> : null}
      {step.kind === 'decide' ? <Arrived deviceId={step.deviceId} onClose={onClose} /> : null}
      <p className="visually-hidden" role="status">
        {step.kind === 'decide' ? 'A device has come with the code' : ''}
      </p>
    </Modal>
  );
}

function Arrived({ deviceId, onClose }: { readonly deviceId: string; readonly onClose: () => void }) {
  const { data: device, error, refetch } = useQuery(deviceQuery(deviceId));
  if (error !== null) return <ProblemNotice problem={error} retry={() => void refetch()} />;
  if (device === undefined) return <Loading heights={[80, 60]} />;
  if (device.state === 'waiting') return <DecideDevice device={device} />;
  const done = (
    <div className="row">
      <Button data-autofocus onClick={onClose}>
        Done
      </Button>
    </div>
  );
  if (device.state === 'approved') {
    return (
      <div className="stack">
        <Notice tone="good" title={`${device.name} is let in`}>
          <p>It can send what it sees and hears, and nothing else. It stands among the devices from now on.</p>
        </Notice>
        {done}
      </div>
    );
  }
  return (
    <div className="stack">
      <Notice tone="warn" title={`${device.name} is refused`}>
        <p>Somebody else may have seen the code. Make a new one where only the right person sees it.</p>
      </Notice>
      {done}
    </div>
  );
}
