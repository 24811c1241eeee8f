import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';
import { sensorsQuery } from '../../parts/sensors-query.ts';
import type { Sensor } from '../../parts/sensors-query.ts';

/** Somebody signs in the name of this sensor with another key: a host set up anew, or an impostor. A person says which. */
export function SensorKey({ sensor }: { readonly sensor: Sensor }) {
  const queries = useQueryClient();
  const { id, host, shown_key_id: shown, signing_key_id: signing } = sensor;
  const accept = useMutation({
    mutationFn: (keyId: string) => call('POST /v1/sensors/{id}/key', { params: { id }, body: { key_id: keyId } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: sensorsQuery.queryKey }),
  });
  if (shown === undefined || shown === signing) return null;
  return (
    <Notice tone="warn" title={`Another key signs in the name of ${printable(host)}`}>
      <p>
        Believe it only if that host was set up anew. The key there is <code>{printable(shown)}</code>: sensor status on
        the host shows the same.
      </p>
      {accept.error === null ? null : <ProblemNotice problem={accept.error} />}
      <div>
        <Button size="compact-md" variant="default" loading={accept.isPending} onClick={() => accept.mutate(shown)}>
          Believe this key from now on
        </Button>
      </div>
    </Notice>
  );
}
