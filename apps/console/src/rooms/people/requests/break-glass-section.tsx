import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import { Clock } from '../../../parts/clock.tsx';
import { EmptyRoom } from '../../../parts/empty-room.tsx';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import { breakGlassQuery, privilegesKey } from './privileges-query.ts';
import { SealedCodes } from './sealed-codes.tsx';
import type { Codes } from './sealed-codes.tsx';

const stateNames = { sealed: 'Sealed', opened: 'Opened: seal it anew', retired: 'Given up' } as const;
type Doing =
  | { readonly kind: 'prepare' }
  | { readonly kind: 'drill' | 'retire'; readonly id: string; readonly label: string };

/** Accounts for the day on which nobody can come in otherwise. */
export function BreakGlassSection({ canManage }: { readonly canManage: boolean }) {
  const queries = useQueryClient();
  const { data, error } = useQuery(breakGlassQuery);
  const [doing, setDoing] = useState<Doing>();
  const [told, setTold] = useState<{ readonly label: string; readonly codes: Codes }>();
  const renew = (): Promise<void> => queries.invalidateQueries({ queryKey: privilegesKey });
  const seal = useMutation({
    mutationFn: ({ id }: { id: string; label: string }) =>
      call('POST /v1/break-glass/{id}/seal', { params: { id }, purpose: 'seal this account anew' }),
    onSuccess: async ({ codes }, { label }) => {
      setTold({ label, codes });
      await renew();
    },
  });
  if (error !== null) return <ProblemNotice problem={error} />;
  if (data === undefined) return <Loading heights={[80, 80]} />;
  const live = data.accounts.filter(({ state }) => state !== 'retired');
  const prepare = canManage ? <Button onClick={() => setDoing({ kind: 'prepare' })}>Prepare an account…</Button> : null;
  return (
    <div className="stack">
      {seal.error === null ? null : <ProblemNotice problem={seal.error} />}
      {live.length === 0 ? (
        <EmptyRoom title="No break-glass account" action={prepare}>
          When the provider is down and every administrator is out of reach, two sealed codes from two envelopes let
          somebody in for an hour, with an alarm at once. It has to be prepared before that day.
        </EmptyRoom>
      ) : (
        <section className="sheet flush" aria-label="Break-glass accounts">
          <ul className="privilege-lines">
            {live.map((account) => (
              <li key={account.id}>
                <div className="privilege-line">
                  <span>
                    <strong>{printable(account.label)}</strong>{' '}
                    <span className="chip">{stateNames[account.state]}</span>
                  </span>
                  <span className="small quiet">
                    Sealed <Clock at={account.sealed_at} />
                    {account.opened_at === null ? null : (
                      <>
                        {' '}
                        · opened <Clock at={account.opened_at} />
                      </>
                    )}{' '}
                    · to be tried by <Clock at={account.drill_due_at} />
                  </span>
                </div>
                {canManage ? (
                  <div className="row">
                    {account.state === 'sealed' ? (
                      <Button
                        size="compact-sm"
                        variant="default"
                        onClick={() => setDoing({ kind: 'drill', id: account.id, label: account.label })}
                      >
                        Try it…
                      </Button>
                    ) : null}
                    <Button
                      size="compact-sm"
                      variant={account.state === 'opened' ? 'filled' : 'default'}
                      loading={seal.isPending}
                      onClick={() => seal.mutate(account)}
                    >
                      Seal anew
                    </Button>
                    <Button
                      size="compact-sm"
                      variant="default"
                      onClick={() => setDoing({ kind: 'retire', id: account.id, label: account.label })}
                    >
                      Give up…
                    </Button>
                  </div>
                ) : null}
              </li>
            ))}
          </ul>
          {prepare === null ? null : <div className="privilege-foot">{prepare}</div>}
        </section>
      )}
      {doing?.kind === 'prepare' ? (
        <Prepare
          onClose={() => setDoing(undefined)}
          onDone={(label, codes) => {
            setDoing(undefined);
            setTold({ label, codes });
            void renew();
          }}
        />
      ) : null}
      {doing?.kind === 'drill' ? (
        <Drill
          account={doing}
          onClose={() => setDoing(undefined)}
          onDone={(codes) => {
            setDoing(undefined);
            setTold({ label: doing.label, codes });
            void renew();
          }}
        />
      ) : null}
      {doing?.kind === 'retire' ? (
        <Retire
          account={doing}
          onClose={() => {
            setDoing(undefined);
            void renew();
          }}
        />
      ) : null}
      {told === undefined ? null : <SealedCodes {...told} onClose={() => setTold(undefined)} />}
    </div>
  );
}

function Prepare({
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
    <Modal opened onClose={onClose} title="Prepare a break-glass account" lockScroll={false}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          prepare.mutate();
        }}
      >
        <p>
          It gets two codes, shown once, each on a page of its own for an envelope of its own. Both together open it
          once. Keep the envelopes in two places, with two people.
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

function Drill({
  account,
  onDone,
  onClose,
}: {
  readonly account: { readonly id: string; readonly label: string };
  readonly onDone: (codes: Codes) => void;
  readonly onClose: () => void;
}) {
  const [first, setFirst] = useState('');
  const [second, setSecond] = useState('');
  const drill = useMutation({
    mutationFn: () =>
      call('POST /v1/break-glass/{id}/drill', {
        params: { id: account.id },
        body: { first, second },
        purpose: 'try this account',
      }),
    onSuccess: ({ codes }) => onDone(codes),
  });
  return (
    <Modal opened onClose={onClose} title={`Try “${printable(account.label)}”`} lockScroll={false}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          drill.mutate();
        }}
      >
        <p>Type both codes from their envelopes. Nobody is signed in; you get two new codes to seal.</p>
        <TextInput
          label="First code"
          data-autofocus
          autoComplete="off"
          value={first}
          onChange={(event) => setFirst(event.currentTarget.value)}
        />
        <TextInput
          label="Second code"
          autoComplete="off"
          value={second}
          onChange={(event) => setSecond(event.currentTarget.value)}
        />
        {drill.error === null ? null : <ProblemNotice problem={drill.error} />}
        <Button type="submit" disabled={first === '' || second === ''} loading={drill.isPending}>
          Try them
        </Button>
      </form>
    </Modal>
  );
}

function Retire({
  account,
  onClose,
}: {
  readonly account: { readonly id: string; readonly label: string };
  readonly onClose: () => void;
}) {
  const retire = useMutation({
    mutationFn: () =>
      call('DELETE /v1/break-glass/{id}', { params: { id: account.id }, purpose: 'give this account up' }),
    onSuccess: onClose,
  });
  return (
    <Modal opened onClose={onClose} title={`Give “${printable(account.label)}” up?`} lockScroll={false}>
      <div className="stack">
        <p>Its codes open nothing any more, and that cannot be undone. Burn both pages.</p>
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
