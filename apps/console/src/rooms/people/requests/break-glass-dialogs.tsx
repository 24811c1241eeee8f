import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import {
  afterRefusal,
  isWhole,
  noProof,
  ProofProblem,
  SealedProofInput,
  shownProof,
} from '../../../parts/sealed-proof.tsx';
import type { SealedProof } from '../../../parts/sealed-proof.tsx';
import type { BreakGlassAccount } from './privileges-query.ts';
import type { Codes } from './sealed-codes.tsx';

export function Prepare({
  onDone,
  onClose,
}: {
  readonly onDone: (label: string, codes: Codes) => void;
  readonly onClose: () => void;
}) {
  const [label, setLabel] = useState('');
  const prepare = useMutation({
    mutationFn: () => call('POST /v1/break-glass', { body: { label: label.trim() }, purpose: 'prepare this account' }),
    onSuccess: ({ codes }) => onDone(label.trim(), codes),
  });
  return (
    <Modal opened onClose={onClose} title="Prepare a break-glass account">
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          prepare.mutate();
        }}
      >
        <p>
          It gets two codes, shown once, each on a page of its own for an envelope of its own. Both together open it
          once. Keep the envelopes in two places, with two people. A security key can be added afterwards.
        </p>
        <TextInput
          label="What it is called"
          placeholder="for example: safe in the basement"
          data-autofocus
          maxLength={40}
          value={label}
          onChange={(event) => setLabel(event.currentTarget.value)}
        />
        {prepare.error === null ? null : <ProblemNotice problem={prepare.error} />}
        <Button type="submit" disabled={label.trim() === ''} loading={prepare.isPending}>
          Prepare it
        </Button>
      </form>
    </Modal>
  );
}

export function Drill({
  account,
  onDone,
  onClose,
}: {
  readonly account: BreakGlassAccount;
  readonly onDone: (codes: Codes) => void;
  readonly onClose: () => void;
}) {
  const [proof, setProof] = useState<SealedProof>({ ...noProof, kind: account.needs_passkey ? 'passkey' : 'codes' });
  const drill = useMutation({
    mutationFn: async () =>
      call('POST /v1/break-glass/{id}/drill', {
        params: { id: account.id },
        body: await shownProof(proof),
        purpose: 'try this account',
      }),
    onSuccess: ({ codes }) => onDone(codes),
    onError: (error) => setProof(afterRefusal(proof, error)),
  });
  return (
    <Modal opened onClose={onClose} title={`Try “${printable(account.label)}”`}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          drill.mutate();
        }}
      >
        <p>Show what opens it. Nobody is signed in; you get two new codes to seal.</p>
        <SealedProofInput proof={proof} onChange={setProof} />
        <ProofProblem error={drill.error} />
        <Button type="submit" disabled={!isWhole(proof)} loading={drill.isPending}>
          Try it
        </Button>
      </form>
    </Modal>
  );
}

export function Retire({ account, onClose }: { readonly account: BreakGlassAccount; readonly onClose: () => void }) {
  const retire = useMutation({
    mutationFn: () =>
      call('DELETE /v1/break-glass/{id}', { params: { id: account.id }, purpose: 'give this account up' }),
    onSuccess: onClose,
  });
  return (
    <Modal opened onClose={onClose} title={`Give “${printable(account.label)}” up?`}>
      <div className="stack">
        <p>
          Its codes{account.passkeys.length === 0 ? '' : ' and security keys'} open nothing any more, and that cannot be
          undone. Burn both pages.
        </p>
        {retire.error === null ? null : <ProblemNotice problem={retire.error} />}
        <div className="row">
          <Button color="red" loading={retire.isPending} onClick={() => retire.mutate()}>
            Give it up
          </Button>
          <Button variant="default" data-autofocus onClick={onClose}>
            Cancel
          </Button>
        </div>
      </div>
    </Modal>
  );
}
