import { Button, Modal } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { devicesQuery } from './devices-query.ts';
import type { Device } from './devices-query.ts';

/** Shuts a device out for good, after saying what that means. */
export function RevokeDevice({ device, onClose }: { readonly device: Device; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: () =>
      call('POST /v1/devices/{id}/revoke', { params: { id: device.id }, purpose: `shut ${device.name} out` }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: devicesQuery.queryKey });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={`Shut ${device.name} out?`} closeOnClickOutside={false}>
      <div className="stack">
        <ul className="plain-points">
          <li>Its picture and sound stop within two seconds, wherever somebody watches.</li>
          <li>Its key is worth nothing from then on. This cannot be undone: to come back it needs a new code.</li>
          <li>
            What it recorded and has not sent yet never reaches this server; a phone erases it as soon as it hears of
            this.
          </li>
          <li>What it sent before stays, with its proofs.</li>
        </ul>
        {revoke.error === null ? null : <ProblemNotice problem={revoke.error} />}
        <div className="row">
          <Button color="red" loading={revoke.isPending} onClick={() => revoke.mutate()}>
            Shut {device.name} out
          </Button>
          <Button variant="default" data-autofocus onClick={onClose}>
            Cancel
          </Button>
        </div>
      </div>
    </Modal>
  );
}
