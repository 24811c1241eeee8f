import { Button } from '@mantine/core';
import { IconLogin2 } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { ProblemNotice } from '../../parts/notice.tsx';

/** Others who can say who somebody is. The address that was asked for is where they come back to. */
export function ProviderButtons() {
  const { data } = useQuery({
    queryKey: ['session-providers'],
    queryFn: ({ signal }) => call('GET /v1/session/providers', { signal }),
    staleTime: 60_000,
  });
  const go = useMutation({
    mutationFn: (id: string) =>
      call('POST /v1/session/providers/{id}', {
        params: { id },
        body: { return_to: `${location.pathname}${location.search}`.slice(0, 500) },
      }),
    onSuccess: ({ url }) => location.assign(url),
  });
  const providers = data?.providers ?? [];
  if (providers.length === 0) return null;
  const troubled = providers.filter((one) => one.in_trouble);
  return (
    <div className="stack tight" role="group" aria-label="Sign in with a provider">
      {providers.map((provider) => (
        <Button
          key={provider.id}
          variant="default"
          size="md"
          loading={(go.isPending || go.isSuccess) && go.variables === provider.id}
          leftSection={<IconLogin2 size={18} aria-hidden="true" />}
          onClick={() => go.mutate(provider.id)}
        >
          Sign in with {provider.name}
        </Button>
      ))}
      {troubled.length === 0 ? null : (
        <p className="small quiet" role="status">
          {troubled.map(({ name }) => name).join(' and ')} did not answer when this server asked last. If it is still
          away, the other ways to sign in go on working; an administrator can also use the account kept sealed for
          emergencies.
        </p>
      )}
      {go.error === null ? null : <ProblemNotice problem={go.error} />}
    </div>
  );
}
