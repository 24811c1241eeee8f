import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Me } from '../../../api/queries.ts';
import { useAddress } from '../../../app/address.ts';
import { may } from '../../../app/rooms.ts';
import { EmptyRoom } from '../../../parts/empty-room.tsx';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { RoomHead } from '../../../parts/room-head.tsx';
import { ProviderCard } from './provider-card.tsx';
import { ProviderForm } from './provider-form.tsx';
import { guideOf, providerGuides } from './provider-guides.ts';
import { providersQuery } from './providers-query.ts';

/** Who else may say who somebody is. */
export function ProvidersRoom({ me }: { readonly me: Me }) {
  const { data, error, refetch } = useQuery(providersQuery);
  const { get, change } = useAddress();
  const canManage = may(me, 'settings:manage');
  const guide = canManage ? guideOf(get('add') ?? '') : undefined;
  const providers = data?.providers ?? [];
  const edited = canManage ? providers.find(({ id }) => id === get('edit')) : undefined;
  const isChoosing = canManage && get('add') !== undefined && guide === undefined;
  const done = (): void => change({ add: undefined, edit: undefined });
  return (
    <div className="room-inner">
      <RoomHead
        title="Sign-in providers"
        lead="Have people sign in with the accounts they have: what they may do, and what they must show beyond it, is still decided here."
      >
        {canManage && providers.length > 0 && guide === undefined && !isChoosing ? (
          <Button onClick={() => change({ add: 'choose', edit: undefined })}>Add a provider</Button>
        ) : null}
      </RoomHead>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[160, 160]} /> : null}
      {guide === undefined ? null : (
        <section className="sheet" aria-labelledby="add-provider">
          <h2 id="add-provider">Add {guide.preset === 'generic' ? 'a provider' : guide.name}</h2>
          <ol className="small">
            {guide.steps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
          {guide.preset === 'firebase' ? null : (
            <p className="small quiet">
              The redirect address is shown as soon as the provider is added: each has its own, so that no answer is
              taken for another’s. Enter anything there until then.
            </p>
          )}
          <ProviderForm key={guide.preset} preset={guide.preset} onDone={done} />
        </section>
      )}
      {isChoosing || (canManage && data !== undefined && providers.length === 0 && guide === undefined) ? (
        <section className="sheet" aria-labelledby="choose-provider">
          <h2 id="choose-provider">Which one?</h2>
          <div className="choice-cards">
            {providerGuides.map(({ preset, name, words }) => (
              <button key={preset} type="button" className="choice-card" onClick={() => change({ add: preset })}>
                <strong>{name}</strong>
                <span className="small quiet">{words}</span>
              </button>
            ))}
          </div>
        </section>
      ) : null}
      {data !== undefined && providers.length === 0 && !canManage ? (
        <div className="sheet">
          <EmptyRoom title="No providers">
            Everybody signs in with an account of this server. Administrators can add providers here.
          </EmptyRoom>
        </div>
      ) : null}
      {providers.map((provider) =>
        provider === edited ? (
          <section key={provider.id} className="sheet" aria-label={`Change ${provider.name}`}>
            <h2>Change {provider.name}</h2>
            <ProviderForm preset={provider.preset} provider={provider} onDone={done} />
          </section>
        ) : (
          <ProviderCard
            key={provider.id}
            provider={provider}
            canManage={canManage}
            onEdit={() => change({ edit: provider.id, add: undefined })}
          />
        ),
      )}
    </div>
  );
}
