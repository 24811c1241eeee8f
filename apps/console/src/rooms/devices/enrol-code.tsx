import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { QRCodeSVG } from 'qrcode.react';
import { useEffect, useState } from 'react';
import { Link } from 'wouter';
import { call } from '../../api/call.ts';
import { CopyField } from '../../parts/copy-field.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { leadsNowhereElse, timeLeft } from './device-words.ts';
import { enrolmentQuery } from './devices-query.ts';
import type { Device, Invited } from './devices-query.ts';
import { TrustFirst } from './trust-first.tsx';

const qrPixels = 232;

/** A code to scan and how long it is good; goes on by itself once a device has come with it. */
export function EnrolCode({
  made,
  kind,
  onArrived,
  onOver,
}: {
  readonly made: Invited;
  readonly kind: Device['kind'];
  readonly onArrived: (deviceId: string) => void;
  readonly onOver: () => void;
}) {
  const { data, error, refetch } = useQuery(enrolmentQuery(made.id));
  const arrived = data?.device_id;
  useEffect(() => {
    if (arrived !== undefined) onArrived(arrived);
  }, [arrived, onArrived]);
  const nowMs = useNow();
  const leftMs = made.expires_ms - nowMs;
  const withdraw = useMutation({
    mutationFn: () => call('DELETE /v1/devices/enrolments/{id}', { params: { id: made.id } }),
    onSuccess: onOver,
  });
  if (data?.state === 'expired' || data?.state === 'withdrawn') {
    return (
      <div className="stack">
        <Notice tone="warn" title="The code is over, and nobody has used it" />
        <div className="row">
          <Button data-autofocus onClick={onOver}>
            Make another
          </Button>
        </div>
      </div>
    );
  }
  return (
    <div className="stack">
      {leadsNowhereElse(made.link) ? (
        <Notice tone="warn" title="Only this computer can open it">
          <p>
            The address in the code is that of this computer alone.{' '}
            <Link href="/settings">Open the server to others</Link> first, then make a new code.
          </p>
        </Notice>
      ) : null}
      {kind === 'esp32' ? (
        <p>Write this code into the settings of the camera, then start it. It is good for one device, once.</p>
      ) : (
        <p>Scan it with the camera of the device, or open the link there. It is good for one device, once.</p>
      )}
      {kind === 'esp32' ? null : (
        <div className="qr">
          <QRCodeSVG value={made.link} size={qrPixels} marginSize={2} title="Code to scan with the device" />
        </div>
      )}
      <p className="row" role="timer" aria-live="off">
        <span className="waiting-dot" aria-hidden="true" />
        <span>
          Waiting for the device · good for <strong>{timeLeft(leftMs)}</strong>
        </span>
      </p>
      <TrustFirst link={made.link} />
      <details className="fold" open={kind === 'esp32'}>
        <summary>{kind === 'esp32' ? 'The code' : 'Cannot scan? Open the link instead'}</summary>
        <CopyField
          value={kind === 'esp32' ? made.code : made.link}
          label={kind === 'esp32' ? 'the code' : 'the link'}
        />
      </details>
      <p className="quiet small">
        Whoever has this code can ask to be let in as this device; nobody is, before you have compared its numbers.
      </p>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {withdraw.error === null ? null : <ProblemNotice problem={withdraw.error} />}
      <div className="row">
        <Button variant="default" loading={withdraw.isPending} onClick={() => withdraw.mutate()}>
          Withdraw the code
        </Button>
      </div>
    </div>
  );
}

/** The time, told anew each second. */
function useNow(): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}
