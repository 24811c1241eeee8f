import { Button, Checkbox, Modal } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { usersQuery } from '../../api/queries.ts';
import { Clock } from '../../parts/clock.tsx';
import { CopyField } from '../../parts/copy-field.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { useProviderName } from '../../parts/provider-name.ts';

/** For somebody who lost their password or second factor: everything goes, and a link lets them begin anew. */
export function ResetUser({
  user,
  onClose,
}: {
  readonly user: { readonly id: string; readonly name: string };
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const [keepsLinks, setKeepsLinks] = useState(false);
  const links = useQuery({
    queryKey: ['provider-links', user.id],
    queryFn: () => call('GET /v1/provider-links', { query: { user: user.id } }),
  });
  const nameOf = useProviderName();
  const linked = (links.data?.links ?? []).map(({ provider, name }) => `${nameOf(provider)} as ${name}`);
  const reset = useMutation({
    mutationFn: () =>
      call('POST /v1/users/{id}/reset', {
        params: { id: user.id },
        query: keepsLinks ? { keep_links: '1' } : {},
        purpose: `reset ${user.name}`,
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: usersQuery.queryKey }),
  });
  return (
    <Modal opened onClose={onClose} title={`Reset ${user.name}?`} closeOnClickOutside={false}>
      {reset.data === undefined ? (
        <div className="stack">
          <p>
            Their password, second factors and recovery codes stop working, they are signed out everywhere, and programs
            they let in are too. This cannot be undone. The roles given here and their API keys stay as they are.
          </p>
          {linked.length === 0 ? null : (
            <Checkbox
              checked={keepsLinks}
              onChange={(event) => setKeepsLinks(event.currentTarget.checked)}
              label={`Keep what they sign in with elsewhere: ${linked.join(', ')}`}
              description="Else it is unlinked, and roles that come by it go with it. Keep it only when you know that it is in their hands alone."
            />
          )}
          <Notice tone="warn" title="Be sure it is them who asks">
            <p>Whoever opens the link becomes {user.name}. Call them back on a number you know.</p>
          </Notice>
          {reset.error === null ? null : <ProblemNotice problem={reset.error} />}
          <div className="row">
            <Button color="red" loading={reset.isPending} onClick={() => reset.mutate()}>
              Reset {user.name}
            </Button>
            <Button variant="default" data-autofocus onClick={onClose}>
              Cancel
            </Button>
          </div>
        </div>
      ) : (
        <div className="stack">
          <p>{user.name} chooses a new password and a second factor with this link.</p>
          <CopyField value={reset.data.link} label="the link" />
          <p className="quiet small">
            Shown this once. Send it over a channel you trust; it works once, until{' '}
            <Clock at={reset.data.expires_at} short={false} />.
          </p>
          <Button variant="default" onClick={onClose}>
            Done
          </Button>
        </div>
      )}
    </Modal>
  );
}
