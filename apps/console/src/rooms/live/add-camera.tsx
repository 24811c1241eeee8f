import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { call } from '../../api/call.ts';
import type { Me } from '../../api/queries.ts';
import { may } from '../../app/rooms.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { cameraAddress } from './camera-queries.ts';
import { addressFault } from './camera-url.ts';

/** A camera that is asked for its pictures: its address, and what to call it. */
export function AddCamera({
  me,
  opened,
  onClose,
}: {
  readonly me: Me;
  readonly opened: boolean;
  readonly onClose: () => void;
}) {
  return (
    <Modal opened={opened} onClose={onClose} title="Add a network camera" lockScroll={false} centered>
      <AddForm mayEnrol={may(me, 'devices:manage')} onClose={onClose} />
    </Modal>
  );
}

function AddForm({ mayEnrol, onClose }: { readonly mayEnrol: boolean; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const [name, setName] = useState('');
  const [place, setPlace] = useState('');
  const [site, setSite] = useState('');
  const [url, setUrl] = useState('');
  const fault = url === '' ? undefined : addressFault(url);
  const add = useMutation({
    mutationFn: () =>
      call('POST /v1/cameras', {
        body: {
          name: name.trim(),
          url: url.trim(),
          ...(place.trim() === '' ? {} : { place: place.trim() }),
          ...(site.trim() === '' ? {} : { site: site.trim() }),
        },
      }),
    onSuccess: async (camera) => {
      await queries.invalidateQueries({ queryKey: ['cameras'] });
      navigate(cameraAddress(camera.id));
    },
  });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate();
      }}
    >
      <TextInput
        label="Address"
        description="rtsp://, rtsps://, or http(s):// of an MJPEG stream, with user and password if it asks for them"
        placeholder="rtsp://guard:secret@192.0.2.20/stream1"
        spellCheck={false}
        autoComplete="off"
        data-autofocus
        value={url}
        error={fault}
        onChange={(event) => setUrl(event.currentTarget.value)}
      />
      <TextInput
        label="What to call it"
        placeholder="Gate, north side"
        value={name}
        maxLength={80}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <div className="field-pair">
        <TextInput
          label="Place"
          placeholder="Yard"
          maxLength={80}
          value={place}
          onChange={(event) => setPlace(event.currentTarget.value)}
        />
        <TextInput
          label="Site"
          placeholder="Warehouse 2"
          maxLength={80}
          value={site}
          onChange={(event) => setSite(event.currentTarget.value)}
        />
      </div>
      <p className="quiet small">
        User and password are kept encrypted and never shown again. Alerts of one site are seen together with sign-ins
        there.
      </p>
      {add.error === null ? null : <ProblemNotice problem={add.error} />}
      <div className="row">
        <Button
          type="submit"
          loading={add.isPending}
          disabled={name.trim() === '' || url.trim() === '' || fault !== undefined}
        >
          Add it
        </Button>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
      </div>
      {mayEnrol ? (
        <p className="quiet small">
          A phone or a computer needs no address: <Link href="/devices?enrol=1">enrol it as a device</Link>.
        </p>
      ) : null}
    </form>
  );
}
