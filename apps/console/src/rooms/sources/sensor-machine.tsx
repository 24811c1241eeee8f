import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { formatAge } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { sensorsQuery } from '../../parts/sensors-query.ts';
import type { Sensor } from '../../parts/sensors-query.ts';

const words = { yes: 'yes', no: 'no', unknown: 'not known' } as const;

/** What this sensor vouches for: how its machine is kept, when it said so, and whether that makes the machine of an agent's run good. */
export function SensorMachine({
  sensor,
  mayChange,
  nowMs,
}: {
  readonly sensor: Sensor;
  readonly mayChange: boolean;
  readonly nowMs: number;
}) {
  const { machine, last_vouched_ms: vouchedMs, key_accepted: isAccepted, signing_key_id: key } = sensor;
  const told =
    machine === undefined
      ? []
      : [
          ['System', machine.system === '' ? words.unknown : printable(machine.system)],
          ['Disks encrypted', words[machine.disk_encrypted]],
          ['Firewall', words[machine.firewall]],
          ['Secure boot', words[machine.secure_boot]],
        ];
  return (
    <section className="stack tight" aria-label={`What the sensor on ${printable(sensor.host)} vouches for`}>
      <h3>What it vouches for</h3>
      {machine === undefined ? (
        <p className="quiet small">It has not said how its machine is kept.</p>
      ) : (
        <>
          <dl className="figures">
            {told.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>
                  <strong>{value}</strong>
                </dd>
              </div>
            ))}
          </dl>
          <p className="quiet small">
            Said {formatAge(machine.at_ms, nowMs)}
            {machine.is_current ? '' : '; too long ago, or it is not heard of: it counts for nothing now'}.
          </p>
        </>
      )}
      <p className="quiet small">
        {vouchedMs === undefined
          ? 'It has vouched for no run of an agent since the server started.'
          : `It last vouched for a run of an agent ${formatAge(vouchedMs, nowMs)}.`}{' '}
        {isAccepted
          ? 'Its key was accepted: with it the machine of a run may count as good.'
          : 'Nobody accepted its key yet: what it says for its machine is a claim like any other.'}
      </p>
      {isAccepted || key === undefined || !mayChange ? null : <AcceptKey sensor={sensor} signingKey={key} />}
    </section>
  );
}

/** Says of the key that signs now that it is the host's own. */
function AcceptKey({ sensor: { id, host }, signingKey }: { readonly sensor: Sensor; readonly signingKey: string }) {
  const queries = useQueryClient();
  const accept = useMutation({
    mutationFn: () =>
      call('POST /v1/sensors/{id}/key', {
        params: { id },
        body: { key_id: signingKey },
        purpose: `accept the key of the sensor on ${printable(host)}`,
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: sensorsQuery.queryKey }),
  });
  return (
    <div className="stack tight">
      <p className="small">
        Accept it if the host shows the same: <code>sensor status</code> there says key{' '}
        <code>{printable(signingKey)}</code>.
      </p>
      {accept.error === null ? null : <ProblemNotice problem={accept.error} />}
      <div>
        <Button size="compact-md" variant="default" loading={accept.isPending} onClick={() => accept.mutate()}>
          Accept this key
        </Button>
      </div>
    </div>
  );
}
