import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { usersQuery } from '../../../api/queries.ts';
import type { Me } from '../../../api/queries.ts';
import { useAddress } from '../../../app/address.ts';
import { may } from '../../../app/rooms.ts';
import { Clock } from '../../../parts/clock.tsx';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import { plural } from '../../../parts/numbers.ts';
import { RoomHead } from '../../../parts/room-head.tsx';
import { MakeService } from './make-service.tsx';
import { servicesQuery, StateChip } from './service-account.tsx';
import { ServicePanel } from './service-panel.tsx';

/** Programs with an account of their own: who answers for each, what it may do, and what it proves itself with. */
export function ServicesPage({ me }: { readonly me: Me }) {
  const { get, change } = useAddress();
  const { data, error, refetch } = useQuery(servicesQuery);
  const users = useQuery({ ...usersQuery, enabled: may(me, 'users:read') });
  const nameOf = (id: string): string =>
    id === me.user.id ? me.user.name : (users.data?.users.find((user) => user.id === id)?.name ?? 'somebody');
  const selected = data?.accounts.find(({ id }) => id === get('account'));
  return (
    <div className="room-inner">
      <RoomHead
        title="Service accounts"
        lead="Programs that come in as themselves: tokens of ten minutes, bound to a key or certificate, instead of a key that lies around."
      >
        <Button onClick={() => change({ new: '1' })}>New service account</Button>
      </RoomHead>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[56, 56, 56]} /> : null}
      {data?.accounts.length === 0 ? (
        <section className="sheet">
          <p>
            No program has an account yet. Make one for your backend, a forwarder or an agent; it proves itself with a
            key of its own and asks <code>/oauth/token</code> for a token.
          </p>
        </section>
      ) : null}
      <div className="with-panel" data-open={selected !== undefined}>
        {data === undefined || data.accounts.length === 0 ? null : (
          <section className="sheet" aria-label="Service accounts">
            <ul className="lines">
              {data.accounts.map((account) => (
                <li key={account.id}>
                  <span className="line-main">
                    <span className="line-name">
                      {account.name} <StateChip account={account} />
                    </span>
                    <span className="quiet small">
                      {nameOf(account.ownerId)} answers for it · {plural(account.scopes.length, 'permission')}
                      {account.sites === undefined ? '' : ` at ${account.sites.map(printable).join(', ')}`} ·{' '}
                      {plural(account.credentials.length, 'credential')} ·{' '}
                      {account.lastUsedAtMs === undefined ? (
                        'never used'
                      ) : (
                        <>
                          last used <Clock at={account.lastUsedAtMs} />
                        </>
                      )}
                    </span>
                  </span>
                  <Button
                    size="compact-sm"
                    variant="default"
                    aria-label={`Open ${account.name}`}
                    onClick={() => change({ account: account.id })}
                  >
                    Open
                  </Button>
                </li>
              ))}
            </ul>
          </section>
        )}
        {selected === undefined ? null : (
          <ServicePanel
            key={selected.id}
            account={selected}
            ownerName={nameOf(selected.ownerId)}
            onClose={() => change({ account: undefined })}
          />
        )}
      </div>
      <MakeService
        me={me}
        opened={get('new') === '1'}
        onClose={() => change({ new: undefined }, { replace: true })}
        onMade={(id) => change({ new: undefined, account: id }, { replace: true })}
      />
    </div>
  );
}
