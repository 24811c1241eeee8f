import { Button } from '@mantine/core';
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { Clock } from '../../parts/clock.tsx';
import { CopyField } from '../../parts/copy-field.tsx';
import { ProblemWithStep } from '../../parts/problem-with-step.tsx';
import { formatSpan } from '../../parts/span.ts';
import { SealDrawing } from '../../seal/seal-drawing.tsx';
import { vaultNextSteps } from './next-steps.ts';

type Checked = { readonly sha256: string; readonly atMs: number; readonly tookMs: number };

/** Kept in the cache, so that the last result is found again when the room was left. */
const lastCheckQuery = queryOptions<Checked | null>({
  queryKey: ['vault-check'],
  queryFn: () => null,
  staleTime: Infinity,
  gcTime: Infinity,
});

/** Opens both copies from the disk as if nothing were known: what a start after a crash would have. */
export function CheckCopies({ keyCount, canCheck }: { readonly keyCount: number; readonly canCheck: boolean }) {
  const queries = useQueryClient();
  const { data: last = null } = useQuery(lastCheckQuery);
  const check = useMutation({
    mutationFn: async (): Promise<Checked> => {
      const startedAtMs = Date.now();
      const { sha256 } = await call('POST /v1/vault/checks', {});
      return { sha256, atMs: Date.now(), tookMs: Date.now() - startedAtMs };
    },
    onSuccess: (checked) => queries.setQueryData(lastCheckQuery.queryKey, checked),
  });
  const state = check.isPending
    ? 'checking'
    : check.error !== null
      ? 'broken'
      : last === null
        ? 'recorded'
        : 'verified';
  return (
    <section className="sheet" aria-labelledby="check-copies">
      <div className="sheet-head">
        <h2 id="check-copies">Both copies on the disk</h2>
        <span className="quiet small">the vault is one file, kept twice</span>
      </div>
      <div className="seal-card" data-state={state} role="status">
        <span className="seal" data-state={state} data-size="large">
          <SealDrawing state={state} />
        </span>
        <div className="stack tight">
          {last === null ? (
            <>
              <h3>Open them as a start would</h3>
              <p className="small quiet">
                Reads both files from the disk, asks the provider for the master key, and opens all {keyCount} keys.
              </p>
            </>
          ) : (
            <>
              <h3 className="good">Both copies are the same, and every key opens</h3>
              <p className="small quiet">
                <Clock at={last.atMs} />, in {formatSpan(last.tookMs)}. A backup is this state of the vault when its
                SHA-256 is the same:
              </p>
              <CopyField value={last.sha256} label="the SHA-256 of the vault" />
            </>
          )}
        </div>
        {canCheck ? (
          <div className="seal-actions">
            <Button
              size="sm"
              variant={last === null ? 'filled' : 'default'}
              loading={check.isPending}
              onClick={() => check.mutate()}
            >
              {last === null ? 'Check both copies' : 'Check again'}
            </Button>
          </div>
        ) : null}
      </div>
      {check.error === null ? null : <ProblemWithStep problem={check.error} nextSteps={vaultNextSteps} />}
    </section>
  );
}
