import { Button, Modal } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { usersQuery } from '../../api/queries.ts';
import { ProblemNotice } from '../../parts/notice.tsx';

/** What stops with somebody, their keys included, before it does. */
export function DisableUser({
  user,
  canSeeKeys,
  onClose,
}: {
  readonly user: { readonly id: string; readonly name: string };
  readonly canSeeKeys: boolean;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const keys = useQuery({
    queryKey: ['keys'],
    queryFn: ({ signal }) => call('GET /v1/keys', { signal }),
    enabled: canSeeKeys,
  });
  const nowMs = Date.now();
  const stopping = (keys.data?.keys ?? []).filter(
    ({ makerId, revokedAtMs, suspendedAtMs, expiresAtMs }) =>
      makerId === user.id &&
      revokedAtMs === undefined &&
      suspendedAtMs === undefined &&
      (expiresAtMs === undefined || expiresAtMs > nowMs),
  );
  const disable = useMutation({
    mutationFn: () =>
      call('PATCH /v1/users/{id}', {
        params: { id: user.id },
        body: { disabled: true },
        purpose: `disable ${user.name}`,
      }),
    onSuccess: async () => {
      await Promise.all([
        queries.invalidateQueries({ queryKey: usersQuery.queryKey }),
        queries.invalidateQueries({ queryKey: ['keys'] }),
      ]);
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={`Disable ${user.name}?`} centered>
      <div className="stack">
        <p>
          They are signed out everywhere and cannot come in again until you let them. What they did stays in the ledger.
        </p>
        {stopping.length === 0 ? (
          <p className="quiet">
            {keys.data === undefined ? 'API keys they made stop, too.' : 'They made no API key that works.'}
          </p>
        ) : (
          <>
            <p>
              {stopping.length === 1 ? 'One API key of theirs stops' : `${stopping.length} API keys of theirs stop`} at
              once, and so does whatever uses it. Each stays stopped until somebody resumes it under Settings.
            </p>
            <ul className="lines">
              {stopping.map((key) => (
                <li key={key.id}>
                  <span className="line-main">
                    <span className="line-name">{key.name}</span>
                    <span className="quiet small">{key.scopes.join(', ')}</span>
                  </span>
                </li>
              ))}
            </ul>
          </>
        )}
        {disable.error === null ? null : <ProblemNotice problem={disable.error} />}
        <div className="row">
          <Button color="red" loading={disable.isPending} onClick={() => disable.mutate()}>
            Disable {user.name}
          </Button>
          <Button variant="default" data-autofocus onClick={onClose}>
            Cancel
          </Button>
        </div>
      </div>
    </Modal>
  );
}
