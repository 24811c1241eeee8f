import { Button, Checkbox, PasswordInput, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import { Problem } from '../../../api/problem.ts';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { AcmeFields } from './acme-fields.tsx';
import { ChoiceCards } from './choice-cards.tsx';
import { bodyOf, draftOf, isComplete } from './https-draft.ts';
import type { HttpsDraft } from './https-draft.ts';
import type { Https } from './https-query.ts';
import { PemField } from './pem-field.tsx';

/** Names, port and certificate. Sent as a whole: what the server refuses leaves everything as it was. */
export function HttpsForm({
  https,
  onDone,
  onBack,
}: {
  readonly https: Https;
  readonly onDone: (answer: Https) => void;
  readonly onBack: (() => void) | undefined;
}) {
  const [draft, setDraft] = useState(() => draftOf(https));
  const change = (changes: Partial<HttpsDraft>): void => setDraft((before) => ({ ...before, ...changes }));
  const save = useMutation({
    mutationFn: () => call('PUT /v1/settings/https', { body: bodyOf(draft) }),
    onSuccess: onDone,
  });
  const needsNewAuthority = save.error instanceof Problem && save.error.code === 'server_name_not_permitted';
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      {location.protocol === 'https:' ? (
        <p className="quiet">
          You came by this address yourself. After a change of name or port, go on at the new one; the server’s own
          machine reaches it in any case.
        </p>
      ) : (
        <p className="quiet">
          This page stays where it is, for this machine alone. Beside it the server opens a second address for everybody
          else, with HTTPS only. Nothing needs a restart.
        </p>
      )}
      <TextInput
        label="Name others will type"
        description="A host name such as sallyport.example.org, or this machine’s address. Several, with commas."
        placeholder="sallyport.example.org"
        autoCapitalize="none"
        spellCheck={false}
        required
        value={draft.names}
        onChange={(event) => change({ names: event.currentTarget.value })}
      />
      <ChoiceCards value={draft.kind} onChange={(kind) => change({ kind })} />
      {draft.kind === 'own' ? <OwnFields draft={draft} hasOne={https.kind === 'own'} onChange={change} /> : null}
      {draft.kind === 'acme' ? (
        <AcmeFields
          draft={draft.acme}
          port={draft.port}
          onChange={(changes) => change({ acme: { ...draft.acme, ...changes } })}
        />
      ) : null}
      <details className="fold">
        <summary>Port and address</summary>
        <div className="row form-row">
          <TextInput
            className="grow"
            label="Port"
            description="443 needs no number in the address, and the right to open it."
            inputMode="numeric"
            value={draft.port}
            onChange={(event) => change({ port: event.currentTarget.value })}
          />
          <TextInput
            className="grow"
            label="Listen on"
            description="0.0.0.0 is every address of this machine."
            value={draft.host}
            onChange={(event) => change({ host: event.currentTarget.value })}
          />
          <TextInput
            className="grow"
            label="Port others use"
            description="Only if something forwards another one to it."
            inputMode="numeric"
            value={draft.publicPort}
            onChange={(event) => change({ publicPort: event.currentTarget.value })}
          />
        </div>
      </details>
      {save.error === null ? null : <ProblemNotice problem={save.error} />}
      {needsNewAuthority || draft.replaceAuthority ? (
        <Notice tone="warn" title="The authority may vouch only for the names it was made for">
          <p>
            A new one can take its place. Every machine that trusts the old one must then trust the new one instead.
          </p>
          <Checkbox
            label="Make a new authority"
            checked={draft.replaceAuthority}
            onChange={(event) => change({ replaceAuthority: event.currentTarget.checked })}
          />
        </Notice>
      ) : null}
      <div className="row">
        <Button type="submit" loading={save.isPending} disabled={!isComplete(draft, https)}>
          {https.state === 'off' ? 'Open it for others' : 'Save'}
        </Button>
        {onBack === undefined ? null : (
          <Button variant="default" onClick={onBack}>
            Back
          </Button>
        )}
      </div>
    </form>
  );
}

function OwnFields({
  draft,
  hasOne,
  onChange,
}: {
  readonly draft: HttpsDraft;
  readonly hasOne: boolean;
  readonly onChange: (changes: Partial<HttpsDraft>) => void;
}) {
  return (
    <div className="stack">
      {hasOne ? <p className="quiet small">Leave both empty to keep the certificate there is.</p> : null}
      <PemField
        label="Certificate and chain"
        hint="The server’s certificate and those between it and the root, in any order."
        value={draft.chain}
        onChange={(chain) => onChange({ chain })}
      />
      <PemField
        label="Private key"
        hint="Sealed in this server’s vault at once. Nobody can read it back, here or elsewhere."
        value={draft.key}
        onChange={(key) => onChange({ key })}
      />
      <PasswordInput
        label="Passphrase of the key"
        description="Only if the key file is encrypted. It is not kept."
        autoComplete="off"
        value={draft.passphrase}
        onChange={(event) => onChange({ passphrase: event.currentTarget.value })}
      />
    </div>
  );
}
