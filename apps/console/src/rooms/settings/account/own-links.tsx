import { Button } from '@mantine/core';
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import { Clock } from '../../../parts/clock.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { useProviderName } from '../../../parts/provider-name.ts';

const linksQuery = queryOptions({
  queryKey: ['own-links'],
  queryFn: ({ signal }) => call('GET /v1/provider-links/own', { signal }),
});

/** One's own accounts elsewhere that open this one. Nothing where there is no provider. */
export function OwnLinks() {
  const queries = useQueryClient();
  const links = useQuery(linksQuery);
  const nameOf = useProviderName();
  const offered = useQuery({
    queryKey: ['session-providers'],
    queryFn: ({ signal }) => call('GET /v1/session/providers', { signal }),
  });
  const link = useMutation({
    mutationFn: ({ id, name }: { readonly id: string; readonly name: string }) =>
      call('POST /v1/providers/{id}/link', { params: { id }, purpose: `link your account at ${name}` }),
    onSuccess: ({ url }) => location.assign(url),
  });
  const unlink = useMutation({
    mutationFn: ({ id, name }: { readonly id: string; readonly name: string }) =>
      call('DELETE /v1/provider-links/own/{id}', { params: { id }, purpose: `unlink ${name}` }),
    onSuccess: () => queries.invalidateQueries({ queryKey: linksQuery.queryKey }),
  });
  const providers = offered.data?.providers ?? [];
  const own = links.data?.links ?? [];
  if (providers.length === 0 && own.length === 0) return null;
  return (
    <section className="sheet" aria-labelledby="own-links">
      <h2 id="own-links">Accounts elsewhere</h2>
      {own.map(({ id, provider, name, created_at: since }) => (
        <div key={id} className="row spread">
          <span>
            <strong>{nameOf(provider)}</strong> as {name}{' '}
            <span className="quiet">
              since <Clock at={since} short={false} />
            </span>
          </span>
          <Button
            size="compact-sm"
            variant="default"
            loading={unlink.isPending && unlink.variables.id === id}
            onClick={() => unlink.mutate({ id, name: nameOf(provider) })}
          >
            Unlink {nameOf(provider)}
          </Button>
        </div>
      ))}
      <div className="row">
        {providers.map(({ id, name }) => (
          <Button
            key={id}
            variant="default"
            loading={link.isPending && link.variables.id === id}
            onClick={() => link.mutate({ id, name })}
          >
            Link an account at {name}
          </Button>
        ))}
      </div>
      <p className="small quiet">
        Whoever is signed in there as you can sign in here as you. Keep another way in before you unlink the last.
      </p>
      {link.error === null ? null : <ProblemNotice problem={link.error} />}
      {unlink.error === null ? null : <ProblemNotice problem={unlink.error} />}
    </section>
  );
}
