import { Button, Modal } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import { accountQuery, sessionQuery } from '../../../api/queries.ts';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { RecoveryCodes } from '../../../parts/recovery-codes.tsx';

const few = 3;

/** How many are left, and ten new ones. */
export function OwnCodes({ left }: { readonly left: number }) {
  const queries = useQueryClient();
  const { data: me } = useQuery(sessionQuery);
  const [isOpen, setOpen] = useState(false);
  const renew = useMutation({
    mutationFn: () => call('POST /v1/account/recovery-codes', {}),
    onSuccess: () => queries.invalidateQueries({ queryKey: accountQuery.queryKey }),
  });
  const close = (): void => {
    setOpen(false);
    renew.reset();
  };
  return (
    <section className="sheet" aria-labelledby="own-codes">
      <div className="sheet-head">
        <h2 id="own-codes">Recovery codes</h2>
        <span className="quiet small">{left} of 10 left</span>
        <Button size="compact-sm" variant="default" onClick={() => setOpen(true)}>
          Make new ones
        </Button>
      </div>
      {left > few ? (
        <p className="quiet">Each lets you in once, together with your password, when the second factor is lost.</p>
      ) : (
        <Notice tone="warn" title={left === 0 ? 'You have no recovery codes' : 'You have few recovery codes'}>
          <p>Without them, and without your second factor, only an administrator can let you in again.</p>
        </Notice>
      )}
      <Modal opened={isOpen} onClose={close} title="New recovery codes" closeOnClickOutside={false}>
        {renew.data === undefined ? (
          <div className="stack">
            <p>You get ten new codes. Those you have now stop working at once, wherever you keep them.</p>
            {renew.error === null ? null : <ProblemNotice problem={renew.error} />}
            <div className="row">
              <Button data-autofocus loading={renew.isPending} onClick={() => renew.mutate()}>
                Make new codes
              </Button>
              <Button variant="default" onClick={close}>
                Keep the old ones
              </Button>
            </div>
          </div>
        ) : (
          <RecoveryCodes codes={renew.data.recovery_codes} account={me?.user.name ?? ''} onDone={close} />
        )}
      </Modal>
    </section>
  );
}
