import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { devicesQuery } from './devices-query.ts';
import type { Device } from './devices-query.ts';

/** What a device is called and where it stands. */
export function ChangeDevice({ device, onClose }: { readonly device: Device; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState(device.name);
  const [place, setPlace] = useState(device.place);
  const [site, setSite] = useState(device.site);
  const change = useMutation({
    mutationFn: () =>
      call('PATCH /v1/devices/{id}', {
        params: { id: device.id },
        body: { name: name.trim(), place: place.trim(), site: site.trim() },
        purpose: `change ${device.name}`,
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: devicesQuery.queryKey });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={`Change ${device.name}`} closeOnClickOutside={false}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <TextInput
          data-autofocus
          label="Name"
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          label="Place"
          maxLength={100}
          value={place}
          onChange={(event) => setPlace(event.currentTarget.value)}
        />
        <TextInput
          label="Site"
          description="What happens to hosts and cameras of one site is seen together"
          maxLength={60}
          value={site}
          onChange={(event) => setSite(event.currentTarget.value)}
        />
        <p className="quiet small">What was recorded before keeps the old name and place.</p>
        {change.error === null ? null : <ProblemNotice problem={change.error} />}
        <div className="row">
          <Button type="submit" loading={change.isPending} disabled={name.trim() === ''}>
            Save
          </Button>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
        </div>
      </form>
    </Modal>
  );
}
