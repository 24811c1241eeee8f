import { Button, TextInput } from '@mantine/core';
import { IconAlarm, IconBulb, IconBulbOff, IconSpeakerphone } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';
import type { CameraRow } from './camera-types.ts';

type Command = { readonly torch?: boolean; readonly speak?: string; readonly siren?: boolean };
type Receipt = Answer<'POST /v1/cameras/{id}/commands'>;

const longestText = 300;

/** Light, voice and siren of a phone. What it did it says itself; what it does not say is not taken for done. */
export function CameraCommands({ camera }: { readonly camera: CameraRow }) {
  const [text, setText] = useState('');
  const [isSure, setSure] = useState(false);
  const [isLit, setLit] = useState(false);
  const send = useMutation({
    mutationFn: (command: Command) =>
      call('POST /v1/cameras/{id}/commands', { params: { id: camera.id }, body: command }),
    onSuccess(receipt, command) {
      if (receipt.state === 'done' && command.torch !== undefined) setLit(command.torch);
      if (receipt.state === 'done' && command.speak !== undefined) setText('');
      // Somebody may be thinking about the siren while something else comes back.
      if (command.siren !== undefined) setSure(false);
    },
  });
  const isAway = camera.state !== 'live';
  const sending = send.isPending ? send.variables : undefined;
  return (
    <section className="sheet" aria-labelledby="commands">
      <div className="sheet-head">
        <h2 id="commands">Act on it</h2>
        {isAway ? <span className="quiet small">not while it is away</span> : null}
      </div>
      <Button
        variant="default"
        disabled={isAway}
        loading={sending?.torch !== undefined}
        leftSection={isLit ? <IconBulbOff size={16} aria-hidden="true" /> : <IconBulb size={16} aria-hidden="true" />}
        onClick={() => send.mutate({ torch: !isLit })}
      >
        {isLit ? 'Light off' : 'Light on'}
      </Button>
      <form
        className="speak"
        onSubmit={(event) => {
          event.preventDefault();
          send.mutate({ speak: text.trim() });
        }}
      >
        <TextInput
          aria-label="What it says aloud"
          placeholder="Say something there"
          value={text}
          maxLength={longestText}
          disabled={isAway}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button
          type="submit"
          variant="default"
          disabled={isAway || text.trim() === ''}
          loading={sending?.speak !== undefined}
          leftSection={<IconSpeakerphone size={16} aria-hidden="true" />}
        >
          Say it
        </Button>
      </form>
      {isSure ? (
        <div className="stack tight">
          <p className="small">
            The siren of <strong>{printable(camera.name)}</strong> can be heard far away. Everybody there will know that
            they are watched.
          </p>
          <div className="row">
            <Button color="red" loading={sending?.siren === true} onClick={() => send.mutate({ siren: true })}>
              Sound the siren
            </Button>
            <Button variant="default" onClick={() => setSure(false)}>
              Do not
            </Button>
          </div>
        </div>
      ) : (
        <div className="row">
          <Button
            variant="default"
            disabled={isAway}
            leftSection={<IconAlarm size={16} aria-hidden="true" />}
            onClick={() => setSure(true)}
          >
            Siren…
          </Button>
          <Button
            variant="default"
            disabled={isAway}
            loading={sending?.siren === false}
            onClick={() => send.mutate({ siren: false })}
          >
            Siren off
          </Button>
        </div>
      )}
      <p className="small" role="status">
        {send.isPending
          ? 'Sent; waiting for the device to say what it did…'
          : send.data === undefined
            ? ''
            : receiptWords(send.data)}
      </p>
      {send.error === null ? null : <ProblemNotice problem={send.error} />}
    </section>
  );
}

function receiptWords({ state, reason = '' }: Receipt): string {
  switch (state) {
    case 'done':
      return '✓ Done: the device says so itself.';
    case 'refused':
      return `▲ Not done: ${reason === '' ? 'the device refused it.' : `the device says “${printable(reason)}”.`}`;
    case 'unconfirmed':
      return '▲ Unconfirmed: the device has not answered within 5 seconds. It may have done it, or not.';
  }
}
