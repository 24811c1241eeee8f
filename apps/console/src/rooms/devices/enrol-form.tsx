import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { kindWords } from './device-words.ts';
import type { Device, Invited, MadeStream } from './devices-query.ts';

const kinds = ['phone', 'pc', 'esp32', 'whip'] as const;

/** What the device is called and where it stands; makes a code for it, or a key for one that can prove nothing. */
export function EnrolForm({
  sites,
  onMade,
  onStream,
}: {
  readonly sites: readonly string[];
  readonly onMade: (made: Invited, kind: Device['kind']) => void;
  readonly onStream: (made: MadeStream) => void;
}) {
  const [name, setName] = useState('');
  const [place, setPlace] = useState('');
  const [site, setSite] = useState('');
  const [kind, setKind] = useState<Device['kind']>('phone');
  const make = useMutation({
    mutationFn: async () => {
      const texts = { name: name.trim(), place: place.trim(), site: site.trim() };
      if (kind === 'whip') onStream(await call('POST /v1/devices/streams', { body: texts, purpose: `let ${name} in` }));
      else onMade(await call('POST /v1/devices/enrolments', { body: { ...texts, kind } }), kind);
    },
  });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        make.mutate();
      }}
    >
      <TextInput
        data-autofocus
        label="Name"
        description="As it will stand on the wall of cameras and in alerts"
        placeholder="Gate, north"
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <NativeSelect
        label="What it is"
        value={kind}
        data={kinds.map((value) => ({ value, label: kindWords[value] }))}
        onChange={({ currentTarget: { value } }) => setKind(kinds.find((one) => one === value) ?? 'phone')}
      />
      <TextInput
        label="Place"
        placeholder="Pole beside the gate"
        maxLength={100}
        value={place}
        onChange={(event) => setPlace(event.currentTarget.value)}
      />
      <TextInput
        label="Site"
        description="What happens to hosts and cameras of one site is seen together"
        placeholder="Mill"
        maxLength={60}
        list="device-sites"
        value={site}
        onChange={(event) => setSite(event.currentTarget.value)}
      />
      <datalist id="device-sites">
        {sites.map((known) => (
          <option key={known} value={known} />
        ))}
      </datalist>
      {make.error === null ? null : <ProblemNotice problem={make.error} />}
      <div className="row">
        <Button type="submit" loading={make.isPending} disabled={name.trim() === ''}>
          {kind === 'whip' ? 'Make a key' : 'Show the code'}
        </Button>
      </div>
    </form>
  );
}
