import { Button, Checkbox, Modal, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useAddress } from '../../app/address.ts';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';
import { Clock } from '../../parts/clock.tsx';
import { CopyField } from '../../parts/copy-field.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';
import { SitesInput } from '../../parts/sites-input.tsx';
import { isAboutSites } from '../../parts/use-sites.ts';
import { RotateKey } from './rotate-key.tsx';

type Key = Answer<'GET /v1/keys'>['keys'][number];
const scopes = [
  'events:write',
  'events:read',
  'alerts:read',
  'alerts:write',
  'cameras:read',
  'devices:read',
  'ledger:read',
  'health:read',
];

/** For programs, which have no second factor: each key may do only what it was made for. */
export function ApiKeys() {
  const { data, error, refetch } = useQuery({
    queryKey: ['keys'],
    queryFn: ({ signal }) => call('GET /v1/keys', { signal }),
  });
  const [isCreating, setCreating] = useState(false);
  const { get, change } = useAddress();
  const queries = useQueryClient();
  const resume = useMutation({
    mutationFn: (id: string) => call('POST /v1/keys/{id}/resume', { params: { id } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['keys'] }),
  });
  const keys = (data?.keys ?? []).filter(({ revokedAtMs }) => revokedAtMs === undefined);
  // The page of a source leads here with the key it sends with.
  const revoking = keys.find(({ id }) => id === get('revoke'));
  return (
    <section className="sheet" aria-labelledby="keys">
      <div className="sheet-head">
        <h2 id="keys">API keys</h2>
        <span className="quiet small">for programs</span>
        <Button size="compact-md" variant="default" onClick={() => setCreating(true)}>
          New key
        </Button>
      </div>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[44, 44]} /> : null}
      {resume.error === null ? null : <ProblemNotice problem={resume.error} />}
      {keys.some(({ suspendedAtMs }) => suspendedAtMs !== undefined) ? (
        <p className="quiet small">
          A key stops when its maker is disabled or may do less than it. Whoever resumes it answers for it.
        </p>
      ) : null}
      <ul className="lines">
        {keys.map((key) => (
          <li key={key.id}>
            <span className="line-main">
              <span className="line-name">
                {key.name} {key.suspendedAtMs === undefined ? null : <span className="chip">Stopped</span>}
                {endsSoon(key) ? <span className="chip">Ends soon</span> : null}
              </span>
              <span className="quiet small">
                {key.scopes.length > 5 ? `${key.scopes.length} permissions` : key.scopes.join(', ')}
                {key.source === undefined ? '' : ` · only as source ${key.source}`}
                {key.networks === undefined ? '' : ` · only from ${key.networks.join(', ')}`}
                {key.sites === undefined ? '' : ` · only at ${key.sites.map(printable).join(', ')}`}
                {key.idle.length === 0 ? '' : ` · no use now, since its maker may not: ${key.idle.join(', ')}`} ·{' '}
                {key.lastUsedAtMs === undefined ? (
                  'never used'
                ) : (
                  <>
                    last used <Clock at={key.lastUsedAtMs} />
                  </>
                )}
                {key.expiresAtMs === undefined ? null : (
                  <>
                    {' '}
                    · {key.expiresAtMs <= Date.now() ? 'ended' : 'works until'}{' '}
                    <Clock at={key.expiresAtMs} short={false} />
                  </>
                )}
                {key.previousEndsAtMs === undefined || key.previousEndsAtMs <= Date.now() ? null : (
                  <>
                    {' '}
                    · the secret of before works until <Clock at={key.previousEndsAtMs} />
                    {key.previousUsedAtMs === undefined ? ', unused since' : ', still in use'}
                  </>
                )}
              </span>
            </span>
            <span className="line-actions">
              {key.suspendedAtMs === undefined ? null : (
                <Button
                  size="compact-sm"
                  variant="default"
                  loading={resume.isPending && resume.variables === key.id}
                  onClick={() => resume.mutate(key.id)}
                  aria-label={`Resume ${key.name}`}
                >
                  Resume
                </Button>
              )}
              {key.suspendedAtMs === undefined ? (
                <Button
                  size="compact-sm"
                  variant="default"
                  onClick={() => change({ rotate: key.id }, { replace: true })}
                  aria-label={`Rotate ${key.name}`}
                >
                  Rotate
                </Button>
              ) : null}
              <Button
                size="compact-sm"
                variant="default"
                onClick={() => change({ revoke: key.id }, { replace: true })}
                aria-label={`Revoke ${key.name}`}
              >
                Revoke
              </Button>
            </span>
          </li>
        ))}
      </ul>
      <CreateKey opened={isCreating} onClose={() => setCreating(false)} />
      <RotateKey
        apiKey={keys.find(({ id }) => id === get('rotate'))}
        onClose={() => change({ rotate: undefined }, { replace: true })}
      />
      <RevokeKey apiKey={revoking} onClose={() => change({ revoke: undefined }, { replace: true })} />
    </section>
  );
}

const soonMs = 14 * 86_400_000;

function endsSoon({ expiresAtMs }: Key): boolean {
  const leftMs = (expiresAtMs ?? Number.POSITIVE_INFINITY) - Date.now();
  return leftMs > 0 && leftMs < soonMs;
}

function CreateKey({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [wanted, setWanted] = useState<readonly string[]>(['events:write']);
  const [sites, setSites] = useState<readonly string[]>([]);
  const isOffered = (scope: string): boolean => sites.length === 0 || isAboutSites(scope);
  const chosen = wanted.filter(isOffered);
  const create = useMutation({
    mutationFn: () =>
      call('POST /v1/keys', {
        body: { name: name.trim(), scopes: chosen, ...(sites.length === 0 ? {} : { sites: [...sites] }) },
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['keys'] }),
  });
  const close = (): void => {
    create.reset();
    setName('');
    setSites([]);
    onClose();
  };
  return (
    <Modal opened={opened} onClose={close} title="New API key">
      {create.data === undefined ? (
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            create.mutate();
          }}
        >
          <TextInput
            label="Name"
            description="What will use it."
            data-autofocus
            maxLength={100}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <fieldset className="stack tight plain-fieldset">
            <legend>It may</legend>
            {scopes.map((scope) => (
              <Checkbox
                key={scope}
                label={scope}
                disabled={!isOffered(scope)}
                description={isOffered(scope) ? undefined : 'is about no site'}
                checked={chosen.includes(scope)}
                onChange={(event) =>
                  setWanted(
                    event.currentTarget.checked ? [...wanted, scope] : wanted.filter((other) => other !== scope),
                  )
                }
              />
            ))}
          </fieldset>
          <SitesInput value={sites} onChange={setSites} />
          {create.error === null ? null : <ProblemNotice problem={create.error} />}
          <Button type="submit" loading={create.isPending} disabled={name.trim() === '' || chosen.length === 0}>
            Create the key
          </Button>
        </form>
      ) : (
        <div className="stack">
          <p>Shown this once. The server keeps only a hash of it.</p>
          <CopyField value={create.data.key} label="the key" />
          <Button variant="default" onClick={close}>
            Done
          </Button>
        </div>
      )}
    </Modal>
  );
}

function RevokeKey({ apiKey, onClose }: { readonly apiKey: Key | undefined; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: (id: string) => call('DELETE /v1/keys/{id}', { params: { id } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['keys'] });
      onClose();
    },
  });
  return (
    <Modal opened={apiKey !== undefined} onClose={onClose} title={`Revoke “${apiKey?.name ?? ''}”?`} centered>
      <div className="stack">
        <p>Whatever uses it is refused at once. This cannot be undone; a new key can take its place.</p>
        {revoke.error === null ? null : <ProblemNotice problem={revoke.error} />}
        <div className="row">
          <Button
            color="red"
            loading={revoke.isPending}
            onClick={() => apiKey !== undefined && revoke.mutate(apiKey.id)}
          >
            Revoke {apiKey?.name}
          </Button>
          <Button variant="default" onClick={onClose}>
            Keep it
          </Button>
        </div>
      </div>
    </Modal>
  );
}
