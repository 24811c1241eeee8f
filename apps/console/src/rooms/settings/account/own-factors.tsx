import { Button, Modal, TextInput } from '@mantine/core';
import { IconDeviceMobile, IconFingerprint, IconId } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';
import { accountQuery } from '../../../api/queries.ts';
import { useAddress } from '../../../app/address.ts';
import { Clock } from '../../../parts/clock.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { CertificateLine } from '../../../parts/certificate-line.tsx';
import { PasskeyLine } from '../../../parts/passkey-line.tsx';
import { AddFactor } from './add-factor.tsx';

type Factor = Answer<'GET /v1/account'>['factors'][number];

/** Several are good: whoever has two can lose one. */
export function OwnFactors({ factors }: { readonly factors: readonly Factor[] }) {
  const { get, change } = useAddress();
  const [renaming, setRenaming] = useState<Factor>();
  const [removing, setRemoving] = useState<Factor>();
  const [done, setDone] = useState<string>();
  const isAdding = get('do') === 'factor';
  return (
    <section className="sheet" aria-labelledby="own-factors">
      <div className="sheet-head">
        <h2 id="own-factors">Second factors</h2>
        <span className="quiet small">what only you have</span>
        <Button size="compact-sm" variant="default" onClick={() => change({ do: 'factor' })}>
          Add one
        </Button>
      </div>
      <p className="visually-hidden" aria-live="polite">
        {done}
      </p>
      {done === undefined ? null : <Notice tone="good" title={done} />}
      {factors.length === 1 ? (
        <p className="quiet">You have one. With a second one you can lose either and still come in.</p>
      ) : null}
      <ul className="lines">
        {factors.map((factor) => (
          <li key={factor.id}>
            {factor.kind === 'passkey' ? (
              <IconFingerprint size={22} stroke={1.5} aria-hidden="true" />
            ) : factor.kind === 'certificate' ? (
              <IconId size={22} stroke={1.5} aria-hidden="true" />
            ) : (
              <IconDeviceMobile size={22} stroke={1.5} aria-hidden="true" />
            )}
            <span className="line-main">
              <span className="line-name">{factor.label}</span>
              <span className="quiet small">
                {kindWords(factor)} · added <Clock at={factor.created_at} short={false} />
              </span>
              {factor.passkey === null ? null : <PasskeyLine passkey={factor.passkey} />}
              {factor.certificate === null ? null : <CertificateLine certificate={factor.certificate} />}
            </span>
            <span className="line-actions">
              <Button
                size="compact-sm"
                variant="default"
                aria-label={`Rename ${factor.label}`}
                onClick={() => setRenaming(factor)}
              >
                Rename
              </Button>
              {factors.length === 1 ? null : (
                <Button
                  size="compact-sm"
                  variant="default"
                  aria-label={`Remove ${factor.label}`}
                  onClick={() => setRemoving(factor)}
                >
                  Remove
                </Button>
              )}
            </span>
          </li>
        ))}
      </ul>
      <AddFactor
        opened={isAdding}
        onClose={(added) => {
          if (added !== undefined) setDone(`“${added}” is added. It can be used from now on.`);
          change({ do: undefined }, { replace: true });
        }}
      />
      {renaming === undefined ? null : <Rename factor={renaming} onClose={() => setRenaming(undefined)} />}
      {removing === undefined ? null : (
        <Remove
          factor={removing}
          onClose={(removed) => {
            if (removed) setDone(`“${removing.label}” is removed. Nobody comes in with it any more.`);
            setRemoving(undefined);
          }}
        />
      )}
    </section>
  );
}

function kindWords({ kind, host_name: host, certificate }: Factor): string {
  if (kind === 'passkey') return `Passkey for ${host ?? ''}`;
  if (kind === 'totp') return 'Authenticator app';
  return certificate?.by_name === true ? 'Certificate with your name' : 'Smart card or certificate';
}

function Rename({ factor, onClose }: { readonly factor: Factor; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const [label, setLabel] = useState(factor.label);
  const rename = useMutation({
    mutationFn: () =>
      call('PATCH /v1/account/factors/{id}', { params: { id: factor.id }, body: { label: label.trim() } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: accountQuery.queryKey });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={`Rename “${factor.label}”`} centered>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          rename.mutate();
        }}
      >
        <TextInput
          label="Name"
          description="So that you know which one it is."
          data-autofocus
          maxLength={64}
          value={label}
          onChange={(event) => setLabel(event.currentTarget.value)}
        />
        {rename.error === null ? null : <ProblemNotice problem={rename.error} />}
        <div className="row">
          <Button type="submit" loading={rename.isPending} disabled={label.trim() === ''}>
            Rename
          </Button>
          <Button variant="default" onClick={onClose}>
            Leave it
          </Button>
        </div>
      </form>
    </Modal>
  );
}

function Remove({ factor, onClose }: { readonly factor: Factor; readonly onClose: (removed: boolean) => void }) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => call('DELETE /v1/account/factors/{id}', { params: { id: factor.id } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: accountQuery.queryKey });
      onClose(true);
    },
  });
  return (
    <Modal opened onClose={() => onClose(false)} title={`Remove “${factor.label}”?`} centered>
      <div className="stack">
        <p>Nobody can sign in with it any more, you included. It can be added again later.</p>
        {remove.error === null ? null : <ProblemNotice problem={remove.error} />}
        <div className="row">
          <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
            Remove {factor.label}
          </Button>
          <Button variant="default" data-autofocus onClick={() => onClose(false)}>
            Keep it
          </Button>
        </div>
      </div>
    </Modal>
  );
}
