import { Button, Modal } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import { Clock } from '../../../parts/clock.tsx';
import { CopyField } from '../../../parts/copy-field.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import type { Provider } from './provider-draft.ts';
import { guideOf } from './provider-guides.ts';
import { ProviderTest } from './provider-test.tsx';
import { providersQuery } from './providers-query.ts';

/** One provider: how it is, what to enter there, and what can be done with it. */
export function ProviderCard({
  provider,
  canManage,
  onEdit,
}: {
  readonly provider: Provider;
  readonly canManage: boolean;
  readonly onEdit: () => void;
}) {
  const queries = useQueryClient();
  const [isTesting, setTesting] = useState(false);
  const [isRemoving, setRemoving] = useState(false);
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: providersQuery.queryKey });
  const toggle = useMutation({
    mutationFn: () =>
      call('PATCH /v1/providers/{id}', {
        params: { id: provider.id },
        body: { enabled: !provider.enabled },
        purpose: provider.enabled ? `switch ${provider.name} off` : `let people sign in with ${provider.name}`,
      }),
    onSuccess: refresh,
  });
  const remove = useMutation({
    mutationFn: () =>
      call('DELETE /v1/providers/{id}', { params: { id: provider.id }, purpose: `remove ${provider.name}` }),
    onSuccess: refresh,
  });
  return (
    <section className="sheet" aria-labelledby={`provider-${provider.id}`}>
      <div className="row spread">
        <h2 id={`provider-${provider.id}`}>{provider.name}</h2>
        <span className="chip">{provider.enabled ? 'On the sign-in page' : 'Off'}</span>
      </div>
      {provider.in_trouble ? (
        <Notice tone="warn" title="It did not answer when it was asked last">
          <p>{printable(provider.last_failure ?? '')}</p>
        </Notice>
      ) : null}
      <dl className="facts">
        <dt>{provider.kind === 'firebase' ? 'Project' : 'Issuer'}</dt>
        <dd className="mono break">{provider.kind === 'firebase' ? provider.client_id : provider.issuer}</dd>
        <dt>Gives</dt>
        <dd>{givenWords(provider)}</dd>
        <dt>Last answered</dt>
        <dd>{provider.last_success_at === null ? 'never' : <Clock at={provider.last_success_at} short={false} />}</dd>
      </dl>
      {provider.warnings.length === 0 ? null : (
        <ul className="small quiet">
          {provider.warnings.map(({ code, words }) => (
            <li key={code}>{words}</li>
          ))}
        </ul>
      )}
      {canManage ? (
        <>
          <ToEnterThere provider={provider} />
          <div className="row">
            <Button variant={provider.enabled ? 'default' : 'filled'} onClick={() => setTesting(true)}>
              Test
            </Button>
            <Button variant="default" loading={toggle.isPending} onClick={() => toggle.mutate()}>
              {provider.enabled ? 'Switch off' : 'Offer it on the sign-in page'}
            </Button>
            <Button variant="default" onClick={onEdit}>
              Change
            </Button>
            <Button variant="default" color="red" onClick={() => setRemoving(true)}>
              Remove…
            </Button>
          </div>
        </>
      ) : null}
      {toggle.error === null ? null : <ProblemNotice problem={toggle.error} />}
      {isTesting ? <ProviderTest provider={provider} onClose={() => setTesting(false)} /> : null}
      <Modal opened={isRemoving} onClose={() => setRemoving(false)} title={`Remove ${provider.name}`}>
        <div className="stack">
          <p>
            Whoever is signed in with it is signed out, its links and the roles it gave are forgotten. The people stay;
            whoever has no other way in needs a reset. This cannot be undone.
          </p>
          {remove.error === null ? null : <ProblemNotice problem={remove.error} />}
          <div className="row">
            <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
              Remove {provider.name}
            </Button>
            <Button variant="default" onClick={() => setRemoving(false)}>
              Cancel
            </Button>
          </div>
        </div>
      </Modal>
    </section>
  );
}

function ToEnterThere({ provider }: { readonly provider: Provider }) {
  const guide = guideOf(provider.preset);
  return (
    <details open={!provider.enabled}>
      <summary>
        What to enter at {guide?.preset === 'generic' ? 'the provider' : (guide?.name ?? 'the provider')}
      </summary>
      <div className="stack tight">
        <ol className="small">
          {(guide?.steps ?? []).map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
        {provider.kind === 'firebase' ? null : (
          <>
            <span className="small quiet">Redirect address</span>
            <CopyField value={provider.redirect_uri} label="the redirect address" />
            <span className="small quiet">Back-channel logout address</span>
            <CopyField value={provider.logout_uri} label="the logout address" />
          </>
        )}
        {provider.client_authentication === 'private-key' ? (
          <>
            <span className="small quiet">Keys of this server</span>
            <CopyField value={provider.jwks_uri} label="the address of the keys" />
          </>
        ) : null}
      </div>
    </details>
  );
}

function givenWords({ groups, default_roles: everybody, creates_people: makes }: Provider): string {
  const mapped = groups.map(({ group, roles }) => `${printable(group)} → ${roles.join(', ')}`);
  const parts = [...(everybody.length === 0 ? [] : [`everybody → ${everybody.join(', ')}`]), ...mapped];
  const accounts = makes ? 'an account to whoever comes' : 'no accounts: people are linked';
  return [accounts, ...(parts.length === 0 ? ['no roles'] : parts)].join('; ');
}
