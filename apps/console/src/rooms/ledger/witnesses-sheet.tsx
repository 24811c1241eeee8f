import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { CopyField } from '../../parts/copy-field.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { AddWitness } from './add-witness.tsx';
import { RemoveWitness } from './remove-witness.tsx';
import { SignAnyway } from './sign-anyway.tsx';
import { WitnessPolicy } from './witness-policy.tsx';
import { WitnessRow } from './witness-row.tsx';
import { closedWords, verdictOf } from './witness-words.ts';
import { witnessesQuery } from './witnesses-query.ts';
import type { Witness } from './witnesses-query.ts';

type Open = { readonly kind: 'add' | 'policy' | 'sign' } | { readonly kind: 'remove'; readonly witness: Witness };

/** Who outside watches the ledger grow, how far they have seen it, and what that is worth. */
export function WitnessesSheet({ canChange }: { readonly canChange: boolean }) {
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery(witnessesQuery);
  const [open, setOpen] = useState<Open>();
  const ask = useMutation({
    mutationFn: (id: string) => call('POST /v1/ledger/witnesses/{id}/ask', { params: { id } }),
    onSuccess: (report) => queries.setQueryData(witnessesQuery.queryKey, report),
  });
  const close = (): void => setOpen(undefined);
  const verdict = data === undefined ? undefined : verdictOf(data);
  return (
    <section className="sheet" aria-labelledby="witnesses">
      <div className="sheet-head">
        <h2 id="witnesses">Witnesses</h2>
        <span className="quiet small">others who remember how far the log had grown</span>
        {canChange && data !== undefined ? (
          <span className="row">
            {data.witnesses.length > 1 ? (
              <Button size="compact-sm" variant="default" onClick={() => setOpen({ kind: 'policy' })}>
                Policy
              </Button>
            ) : null}
            <Button size="compact-sm" onClick={() => setOpen({ kind: 'add' })}>
              Add a witness
            </Button>
          </span>
        ) : null}
      </div>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {ask.error === null ? null : <ProblemNotice problem={ask.error} />}
      {data === undefined && error === null ? <Loading heights={[60, 60]} /> : null}
      {data === undefined || verdict === undefined ? null : (
        <>
          <div role="status">
            <Notice tone={verdict.tone} title={verdict.title}>
              <p>{verdict.text}</p>
              {data.log.signing === 'held' && canChange ? (
                <p>
                  <button type="button" className="plain-button" onClick={() => setOpen({ kind: 'sign' })}>
                    Vouch for the log…
                  </button>
                </p>
              ) : null}
            </Notice>
          </div>
          {data.witnesses.length === 0 ? null : (
            <ul className="lines" aria-label="Witnesses">
              {data.witnesses.map((witness) => (
                <WitnessRow
                  key={witness.id}
                  witness={witness}
                  log={data.log}
                  isAsking={ask.isPending && ask.variables === witness.id}
                  {...(canChange
                    ? { onAsk: () => ask.mutate(witness.id), onRemove: () => setOpen({ kind: 'remove', witness }) }
                    : {})}
                />
              ))}
            </ul>
          )}
          {data.closed.map((log) => (
            <p key={log.number} className="small">
              {closedWords(log)}
            </p>
          ))}
          <div className="stack tight">
            <p className="small quiet" id="log-key">
              The key of log {data.log.number}. A witness cosigns what it was given the key of, and nothing else:
            </p>
            <CopyField value={data.log.verifier_key} label={`the key of log ${data.log.number}`} />
          </div>
          {open?.kind === 'add' ? <AddWitness log={data.log} onClose={close} /> : null}
          {open?.kind === 'policy' ? <WitnessPolicy policy={data.policy} onClose={close} /> : null}
          {open?.kind === 'remove' ? (
            <RemoveWitness witness={open.witness} policy={data.policy} onClose={close} />
          ) : null}
          {open?.kind === 'sign' ? <SignAnyway onClose={close} /> : null}
        </>
      )}
    </section>
  );
}
