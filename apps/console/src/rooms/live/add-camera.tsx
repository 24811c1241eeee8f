import { Button, Checkbox, Modal, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { call } from '../../api/call.ts';
import type { Me } from '../../api/queries.ts';
import { may } from '../../app/rooms.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { untrustedCertificate } from './camera-certificate.ts';
import { cameraAddress } from './camera-queries.ts';
import { addressFault, mayBringSound } from './camera-url.ts';
import { TrustCertificate } from './trust-certificate.tsx';

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
    <Modal opened={opened} onClose={onClose} title="Add a network camera" centered>
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
  const [sound, setSound] = useState(false);
  const fault = url === '' ? undefined : addressFault(url);
  const add = useMutation({
    mutationFn: (fingerprint: string | undefined) =>
      call('POST /v1/cameras', {
        body: {
          name: name.trim(),
          url: url.trim(),
          ...(place.trim() === '' ? {} : { place: place.trim() }),
          ...(site.trim() === '' ? {} : { site: site.trim() }),
          ...(sound && mayBringSound(url) ? { sound: true } : {}),
          ...(fingerprint === undefined ? {} : { tls_fingerprint: fingerprint }),
        },
      }),
    onSuccess: async (camera) => {
      await queries.invalidateQueries({ queryKey: ['cameras'] });
      navigate(cameraAddress(camera.id));
    },
  });
  const certificate = untrustedCertificate(add.error);
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate(undefined);
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
        onChange={(event) => {
          setUrl(event.currentTarget.value);
          // What was asked about another address is no longer the question.
          add.reset();
        }}
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
      {mayBringSound(url) ? (
        <Checkbox
          label="Record its sound, too"
          description="Voices of people who were not asked: in many places that needs a reason, or is forbidden"
          checked={sound}
          onChange={(event) => setSound(event.currentTarget.checked)}
        />
      ) : null}
      <p className="quiet small">
        User and password are kept encrypted and never shown again. Alerts of one site are seen together with sign-ins
        there.
      </p>
      {certificate === undefined ? (
        add.error === null ? null : (
          <ProblemNotice problem={add.error} />
        )
      ) : (
        <TrustCertificate
          certificate={certificate}
          isAdding={add.isPending}
          onTrust={() => add.mutate(certificate.fingerprint)}
        />
      )}
      <div className="row">
        <Button
          type="submit"
          loading={add.isPending}
          disabled={certificate !== undefined || name.trim() === '' || url.trim() === '' || fault !== undefined}
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
