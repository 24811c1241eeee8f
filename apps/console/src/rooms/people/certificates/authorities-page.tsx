import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Me } from '../../../api/queries.ts';
import { useAddress } from '../../../app/address.ts';
import { may } from '../../../app/rooms.ts';
import { EmptyRoom } from '../../../parts/empty-room.tsx';
import { Loading } from '../../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { RoomHead } from '../../../parts/room-head.tsx';
import { authoritiesQuery } from './authorities-query.ts';
import { AuthorityCard } from './authority-card.tsx';
import { AuthorityForm } from './authority-form.tsx';
import { TryCertificate } from './try-certificate.tsx';

/** Whose smart cards and certificates let people in. */
export function AuthoritiesPage({ me }: { readonly me: Me }) {
  const { data, error, refetch } = useQuery(authoritiesQuery);
  const { get, change } = useAddress();
  const canManage = may(me, 'settings:manage');
  const authorities = data?.authorities ?? [];
  const isAdding = canManage && get('add') !== undefined;
  const edited = canManage ? authorities.find(({ id }) => id === get('edit')) : undefined;
  const done = (): void => change({ add: undefined, edit: undefined });
  const isEnabled = authorities.some(({ enabled }) => enabled);
  return (
    <div className="room-inner">
      <RoomHead
        title="Smart cards and certificates"
        lead="People sign in with a certificate of an authority named here, and of no other: what this machine trusts otherwise counts for nothing."
      >
        {canManage && !isAdding && authorities.length > 0 ? (
          <Button onClick={() => change({ add: '1', edit: undefined })}>Add an authority</Button>
        ) : null}
      </RoomHead>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[160]} /> : null}
      {isEnabled && data?.offered === false ? (
        <Notice tone="warn" title="Browsers are not asked for a certificate here">
          <p>
            There must be HTTPS, and a port that asks for certificates: start the server with{' '}
            <code>SALLYPORT_CERTIFICATE_PORT</code>, and open this page by its HTTPS address.
          </p>
        </Notice>
      ) : null}
      {isAdding ? (
        <section className="sheet" aria-labelledby="add-authority">
          <h2 id="add-authority">Add an authority</h2>
          <AuthorityForm onDone={done} />
        </section>
      ) : null}
      {data !== undefined && authorities.length === 0 && !isAdding ? (
        <div className="sheet">
          <EmptyRoom title="No authority yet">
            {canManage ? (
              <>
                Whoever issues your smart cards has a certificate of its own: add it here, with the list of what it
                revoked.
                <div>
                  <Button mt="md" onClick={() => change({ add: '1' })}>
                    Add an authority
                  </Button>
                </div>
              </>
            ) : (
              'Administrators can add whoever issues your smart cards.'
            )}
          </EmptyRoom>
        </div>
      ) : null}
      {authorities.map((authority) =>
        authority === edited ? (
          <section key={authority.id} className="sheet" aria-label={`Change ${authority.name}`}>
            <h2>Change {authority.name}</h2>
            <AuthorityForm authority={authority} onDone={done} />
          </section>
        ) : (
          <AuthorityCard
            key={authority.id}
            authority={authority}
            canManage={canManage}
            onEdit={() => change({ edit: authority.id, add: undefined })}
          />
        ),
      )}
      {canManage && authorities.length > 0 ? <TryCertificate /> : null}
    </div>
  );
}
