import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import { Loading } from '../../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { HttpsForm } from './https-form.tsx';
import { httpsQuery } from './https-query.ts';
import { HttpsState } from './https-state.tsx';

/** How others reach this server: what holds now, and the form that changes it. */
export function HttpsPanel({ canChange }: { readonly canChange: boolean }) {
  const queries = useQueryClient();
  const [isChanging, setChanging] = useState(false);
  const [isClosing, setClosing] = useState(false);
  const { data: https, error, refetch } = useQuery(httpsQuery);
  const close = useMutation({
    mutationFn: () => call('PUT /v1/settings/https', { body: { enabled: false } }),
    onSuccess(answer) {
      setClosing(false);
      queries.setQueryData(httpsQuery.queryKey, answer);
    },
  });
  if (error !== null) return <ProblemNotice problem={error} retry={() => void refetch()} />;
  if (https === undefined) return <Loading heights={[120]} />;
  const isOff = https.state === 'off';
  if (isOff && !canChange)
    return <p className="quiet">Only this machine reaches this server. An administrator may open it for others.</p>;
  if (isOff || isChanging) {
    return (
      <HttpsForm
        https={https}
        onDone={(answer) => {
          queries.setQueryData(httpsQuery.queryKey, answer);
          setChanging(false);
        }}
        onBack={isOff ? undefined : () => setChanging(false)}
      />
    );
  }
  return (
    <div className="stack">
      <HttpsState https={https} canChange={canChange} />
      {canChange ? (
        <div className="row">
          <Button variant="default" onClick={() => setChanging(true)}>
            Change…
          </Button>
          <Button variant="default" disabled={isClosing} onClick={() => setClosing(true)}>
            Close HTTPS for others…
          </Button>
        </div>
      ) : null}
      {isClosing ? (
        <Notice tone="warn" title={`Nobody will reach ${https.origin ?? 'this address'} any more`}>
          <p>
            {location.protocol === 'https:' ? 'You came by it yourself: this page stops working too. ' : ''}
            The server’s own machine still reaches it. A key and certificate given here are forgotten.
          </p>
          <div className="row">
            <Button color="red" loading={close.isPending} onClick={() => close.mutate()}>
              Close HTTPS for others
            </Button>
            <Button variant="default" onClick={() => setClosing(false)}>
              Leave it open
            </Button>
          </div>
        </Notice>
      ) : null}
      {close.error === null ? null : <ProblemNotice problem={close.error} />}
    </div>
  );
}
