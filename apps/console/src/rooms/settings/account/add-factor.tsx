import { Button, Modal, TextInput } from '@mantine/core';
import { IconDeviceMobile, IconFingerprint, IconId } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import { Problem } from '../../../api/problem.ts';
import { accountQuery } from '../../../api/queries.ts';
import { AuthenticatorApp } from '../../../parts/authenticator-app.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { createPasskey, passkeyRefusal, passkeysPossible } from '../../../parts/passkey.ts';

/** A name first, then the device. `onClose` gets the name of what was added. */
export function AddFactor({
  opened,
  onClose,
}: {
  readonly opened: boolean;
  readonly onClose: (added?: string) => void;
}) {
  return (
    <Modal opened={opened} onClose={() => onClose()} title="Add a second factor">
      {opened ? <Choice onClose={onClose} /> : null}
    </Modal>
  );
}

function Choice({ onClose }: { readonly onClose: (added?: string) => void }) {
  const queries = useQueryClient();
  const [label, setLabel] = useState('');
  const [isApp, setApp] = useState(false);
  const named = (otherwise: string): string => (label.trim() === '' ? otherwise : label.trim());
  const added = async (name: string): Promise<void> => {
    await queries.invalidateQueries({ queryKey: accountQuery.queryKey });
    onClose(name);
  };
  const passkey = useMutation({
    mutationFn: async () => {
      const options = await call('POST /v1/account/passkeys/options', {});
      const response = await createPasskey(options);
      await call('POST /v1/account/passkeys', { body: { response, label: named('Passkey') } });
    },
    onSuccess: () => added(named('Passkey')),
  });
  const cards = useQuery({
    queryKey: ['session-certificate'],
    queryFn: ({ signal }) => call('GET /v1/session/certificate', { signal }),
  });
  const card = useMutation({
    mutationFn: () =>
      call('POST /v1/account/certificates/begin', {
        body: { label: named('Smart card') },
        purpose: 'add a certificate',
      }),
    onSuccess: ({ url }) => location.assign(url),
  });
  if (isApp) {
    return (
      <AuthenticatorApp
        begin={() => call('POST /v1/account/totp', {})}
        confirm={(code) => call('POST /v1/account/totp/confirm', { body: { code, label: named('Authenticator app') } })}
        onDone={() => void added(named('Authenticator app'))}
        onBack={() => setApp(false)}
      />
    );
  }
  return (
    <div className="stack">
      <TextInput
        label="Name"
        description="So that you know later which one it is."
        placeholder="Laptop, blue security key, phone…"
        data-autofocus
        maxLength={64}
        value={label}
        onChange={(event) => setLabel(event.currentTarget.value)}
      />
      <button
        type="button"
        className="choice"
        disabled={!passkeysPossible() || passkey.isPending}
        onClick={() => passkey.mutate()}
      >
        <IconFingerprint size={28} stroke={1.5} aria-hidden="true" />
        <span>
          <strong>{passkey.isPending ? 'Waiting for your device…' : 'A passkey'}</strong>
          <span className="quiet">
            {passkeysPossible()
              ? 'Fingerprint, face, screen lock or security key. Cannot be phished. Recommended.'
              : 'Only under a host name, not under a bare address.'}
          </span>
        </span>
      </button>
      <button type="button" className="choice" onClick={() => setApp(true)}>
        <IconDeviceMobile size={28} stroke={1.5} aria-hidden="true" />
        <span>
          <strong>An authenticator app</strong>
          <span className="quiet">Six digits that change every 30 seconds. Works with any such app, offline.</span>
        </span>
      </button>
      {cards.data?.offered === true ? (
        <button
          type="button"
          className="choice"
          disabled={card.isPending || card.isSuccess}
          onClick={() => card.mutate()}
        >
          <IconId size={28} stroke={1.5} aria-hidden="true" />
          <span>
            <strong>A smart card or certificate</strong>
            <span className="quiet">
              One your organisation gave you. Put the card in first: your browser asks which certificate to show.
            </span>
          </span>
        </button>
      ) : null}
      {card.error === null ? null : <ProblemNotice problem={card.error} />}
      {passkey.error === null ? null : passkey.error instanceof Problem ? (
        <ProblemNotice problem={passkey.error} />
      ) : (
        <Notice tone="warn" title="No passkey was made">
          <p>{passkeyRefusal(passkey.error)}</p>
        </Notice>
      )}
      <div>
        <Button variant="default" onClick={() => onClose()}>
          Not now
        </Button>
      </div>
    </div>
  );
}
