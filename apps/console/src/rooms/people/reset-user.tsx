import { Button, Modal } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { usersQuery } from '../../api/queries.ts';
import { Clock } from '../../parts/clock.tsx';
import { CopyField } from '../../parts/copy-field.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';

/** For somebody who lost their password or second factor: everything goes, and a link lets them begin anew. */
export function ResetUser({
  user,
  onClose,
}: {
  readonly user: { readonly id: string; readonly name: string };
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const reset = useMutation({
    mutationFn: () => call('POST /v1/users/{id}/reset', { params: { id: user.id }, purpose: `reset ${user.name}` }),
    onSuccess: () => queries.invalidateQueries({ queryKey: usersQuery.queryKey }),
  });
  return (
    <Modal opened onClose={onClose} title={`Reset ${user.name}?`} lockScroll={false} closeOnClickOutside={false}>
      {reset.data === undefined ? (
        <div className="stack">
          <p>
            Their password, second factors and recovery codes stop working, and they are signed out everywhere. This
            cannot be undone. Their roles and API keys stay as they are.
          </p>
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
