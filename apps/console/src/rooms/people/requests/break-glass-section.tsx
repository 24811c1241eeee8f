import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import { EmptyRoom } from '../../../parts/empty-room.tsx';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { AccountLine } from './break-glass-account.tsx';
import type { AccountAction } from './break-glass-account.tsx';
import { Drill, Prepare, Retire } from './break-glass-dialogs.tsx';
import { AddKey, Opening, RemoveKey } from './break-glass-keys.tsx';
import { breakGlassQuery, privilegesKey } from './privileges-query.ts';
import type { BreakGlassAccount } from './privileges-query.ts';
import { SealedCodes } from './sealed-codes.tsx';
import type { Codes, OpenedWith } from './sealed-codes.tsx';

/** Accounts for the day on which nobody can come in otherwise. */
export function BreakGlassSection({ canManage }: { readonly canManage: boolean }) {
  const queries = useQueryClient();
  const { data, error } = useQuery(breakGlassQuery);
  const [doing, setDoing] = useState<AccountAction | { readonly kind: 'prepare' }>();
  const [told, setTold] = useState<{ readonly label: string; readonly codes: Codes; readonly opens: OpenedWith }>();
  const renew = (): Promise<void> => queries.invalidateQueries({ queryKey: privilegesKey });
  const tell = (label: string, codes: Codes, opens: OpenedWith): void => {
    setDoing(undefined);
    setTold({ label, codes, opens });
    void renew();
  };
  const close = (): void => {
    setDoing(undefined);
    void renew();
  };
  const seal = useMutation({
    mutationFn: ({ id }: BreakGlassAccount) =>
      call('POST /v1/break-glass/{id}/seal', { params: { id }, purpose: 'seal this account anew' }),
    onSuccess: ({ codes }, account) => tell(account.label, codes, openedWith(account)),
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
              <AccountLine
                key={account.id}
                account={account}
                canManage={canManage}
                isSealing={seal.isPending}
                onSeal={() => seal.mutate(account)}
                onAction={setDoing}
              />
            ))}
          </ul>
          {prepare === null ? null : <div className="privilege-foot">{prepare}</div>}
        </section>
      )}
      {doing?.kind === 'prepare' ? (
        <Prepare onClose={close} onDone={(label, codes) => tell(label, codes, 'codes')} />
      ) : null}
      {doing?.kind === 'drill' ? (
        <Drill
          account={doing.account}
          onClose={close}
          onDone={(codes) => tell(doing.account.label, codes, openedWith(doing.account))}
        />
      ) : null}
      {doing?.kind === 'retire' ? <Retire account={doing.account} onClose={close} /> : null}
      {doing?.kind === 'add-key' ? <AddKey account={doing.account} onClose={close} /> : null}
      {doing?.kind === 'remove-key' ? (
        <RemoveKey account={doing.account} passkey={doing.passkey} onClose={close} />
      ) : null}
      {doing?.kind === 'opening' ? (
        <Opening
          account={doing.account}
          onClose={close}
          onDone={(codes, needsKey) => tell(doing.account.label, codes, needsKey ? 'key' : 'any')}
        />
      ) : null}
      {told === undefined ? null : <SealedCodes {...told} onClose={() => setTold(undefined)} />}
    </div>
  );
}

function openedWith({ needs_passkey: needsKey, passkeys }: BreakGlassAccount): OpenedWith {
  return needsKey ? 'key' : passkeys.length > 0 ? 'any' : 'codes';
}
