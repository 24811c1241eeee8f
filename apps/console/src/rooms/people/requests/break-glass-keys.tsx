import { Button, Modal, Radio, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import { Problem } from '../../../api/problem.ts';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { createPasskey, passkeyRefusal, passkeysPossible } from '../../../parts/passkey.ts';
import { printable } from '../../../parts/printable.ts';
import type { BreakGlassAccount, BreakGlassKey } from './privileges-query.ts';
import type { Codes } from './sealed-codes.tsx';

type DialogProps = { readonly account: BreakGlassAccount; readonly onClose: () => void };

/** A security key that takes the place of one envelope. */
export function AddKey({ account, onClose }: DialogProps) {
  const [label, setLabel] = useState('');
  const { id } = account;
  const add = useMutation({
    mutationFn: async () => {
      const purpose = 'add a security key to this account';
      const options = await call('POST /v1/break-glass/{id}/passkeys/options', { params: { id }, purpose });
      const response = await createPasskey(options);
      return call('POST /v1/break-glass/{id}/passkeys', { params: { id }, body: { label: label.trim(), response } });
    },
    onSuccess: onClose,
  });
  return (
    <Modal opened onClose={onClose} title={`A security key for “${printable(account.label)}”`}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate();
        }}
      >
        <p>
          With it, one code is enough. Use a key that is for nothing else, give it a PIN, and keep it apart from both
          envelopes. It is good for {location.hostname} alone.
        </p>
        <TextInput
          label="What it is called"
          placeholder="for example: blue key, deputy’s desk"
          data-autofocus
          maxLength={40}
          value={label}
          onChange={(event) => setLabel(event.currentTarget.value)}
        />
        {passkeysPossible() ? null : (
          <Notice title="Passkeys need a name, not a number">
            <p>Open this page under a host name with HTTPS to add one.</p>
          </Notice>
        )}
        {add.error === null ? null : add.error instanceof Problem ? (
          <ProblemNotice problem={add.error} />
        ) : (
          <Notice tone="warn" title="No key was added">
            <p>{passkeyRefusal(add.error)}</p>
          </Notice>
        )}
        <Button type="submit" disabled={label.trim() === '' || !passkeysPossible()} loading={add.isPending}>
          Plug it in and add it
        </Button>
      </form>
    </Modal>
  );
}

export function RemoveKey({ account, passkey, onClose }: DialogProps & { readonly passkey: BreakGlassKey }) {
  const remove = useMutation({
    mutationFn: () =>
      call('DELETE /v1/break-glass/{id}/passkeys/{passkey}', {
        params: { id: account.id, passkey: passkey.id },
        purpose: 'take this key from the account',
      }),
    onSuccess: onClose,
  });
  return (
    <Modal opened onClose={onClose} title={`Remove “${printable(passkey.label)}”?`}>
      <div className="stack">
        <p>It opens “{printable(account.label)}” no more. The codes stay as they are.</p>
        {remove.error === null ? null : <ProblemNotice problem={remove.error} />}
        <div className="row">
          <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
            Remove it
          </Button>
          <Button variant="default" data-autofocus onClick={onClose}>
            Cancel
          </Button>
        </div>
      </div>
    </Modal>
  );
}

/** Any two of codes and key, or never without a key. */
export function Opening({
  account,
  onDone,
  onClose,
}: DialogProps & { readonly onDone: (codes: Codes, needsKey: boolean) => void }) {
  const [needsKey, setNeedsKey] = useState(account.needs_passkey);
  const change = useMutation({
    mutationFn: () =>
      call('POST /v1/break-glass/{id}/opening', {
        params: { id: account.id },
        body: { needs_passkey: needsKey },
        purpose: 'change how this account is opened',
      }),
    onSuccess: ({ codes }) => onDone(codes, needsKey),
  });
  return (
    <Modal opened onClose={onClose} title={`What opens “${printable(account.label)}”`}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <Radio.Group
          label="What opens it"
          value={needsKey ? 'key' : 'any'}
          onChange={(chosen) => setNeedsKey(chosen === 'key')}
        >
          <div className="stack tight">
            <Radio value="any" label="Any two: both codes, or a code and a security key" />
            <Radio
              value="key"
              label="A code and a security key, never the codes alone"
              description="Stronger. Keep a second account that codes alone open: a key breaks, and is good under one name of this server only."
            />
          </div>
        </Radio.Group>
        <p>The codes there are now open it no more: you get two new ones to print and seal.</p>
        {change.error === null ? null : <ProblemNotice problem={change.error} />}
        <Button type="submit" disabled={needsKey === account.needs_passkey} loading={change.isPending}>
          Make new codes
        </Button>
      </form>
    </Modal>
  );
}
