import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { Clock } from '../../parts/clock.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { aboutWords, kindWords, whereWords } from './device-words.ts';
import { devicesQuery } from './devices-query.ts';
import type { Device } from './devices-query.ts';
import { FingerprintBlocks } from './fingerprint-blocks.tsx';

/** A device that waits: what to compare, and the two answers. */
export function DecideDevice({
  device,
  onApproved,
  onRefused,
}: {
  readonly device: Device;
  readonly onApproved?: () => void;
  readonly onRefused?: () => void;
}) {
  const queries = useQueryClient();
  const again = () => queries.invalidateQueries({ queryKey: devicesQuery.queryKey });
  const params = { id: device.id };
  const approve = useMutation({
    mutationFn: () => call('POST /v1/devices/{id}/approve', { params, purpose: `let ${device.name} in` }),
    onSuccess: () => onApproved?.(),
    onSettled: again,
  });
  const refuse = useMutation({
    mutationFn: () => call('POST /v1/devices/{id}/revoke', { params, purpose: `refuse ${device.name}` }),
    onSuccess: () => onRefused?.(),
    onSettled: again,
  });
  const about = aboutWords(device);
  const where = whereWords(device);
  return (
    <div className="stack">
      <dl className="facts">
        <dt>Came</dt>
        <dd>
          <Clock at={device.enrolled_ms} />
        </dd>
        <dt>Meant for</dt>
        <dd>{[device.name, kindWords[device.kind], where].filter((part) => part !== '').join(' · ')}</dd>
        <dt>Calls itself</dt>
        <dd>{about === '' ? <span className="quiet">nothing</span> : about}</dd>
      </dl>
      <p>These numbers must stand on the screen of the device, all six the same:</p>
      <FingerprintBlocks fingerprint={device.fingerprint} />
      {approve.error === null ? null : <ProblemNotice problem={approve.error} />}
      {refuse.error === null ? null : <ProblemNotice problem={refuse.error} />}
      <div className="row">
        <Button
          loading={approve.isPending}
          disabled={refuse.isPending}
          aria-label={`They are the same: let it in, ${device.name}`}
          onClick={() => approve.mutate()}
        >
          They are the same: let it in
        </Button>
        <Button
          variant="default"
          loading={refuse.isPending}
          disabled={approve.isPending}
          aria-label={`They differ: refuse it, ${device.name}`}
          onClick={() => refuse.mutate()}
        >
          They differ: refuse it
        </Button>
      </div>
    </div>
  );
}
