import { Button } from '@mantine/core';
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { formatCount } from '../../parts/numbers.ts';
import { SealDrawing } from '../../seal/seal-drawing.tsx';
import type { VerifyAllMessage } from '../../seal/verify-all-protocol.ts';
import { startVerifyAll } from './start-verify-all.ts';

/** Kept in the cache, so that the work goes on and is found again when the room was left. */
function verifyAllQuery(log: number) {
  return queryOptions<VerifyAllMessage | null>({
    queryKey: ['verify-all', log],
    queryFn: () => null,
    staleTime: Infinity,
    gcTime: Infinity,
  });
}

/** Fetches every tile and recomputes the whole tree here, up to the signed root. */
export function VerifyAll({
  log,
  verifierKey,
  minimumIndex,
}: {
  readonly log: number;
  readonly verifierKey: string;
  readonly minimumIndex: number;
}) {
  const queries = useQueryClient();
  const { data: last = null } = useQuery(verifyAllQuery(log));
  const isRunning = last?.kind === 'progress';
  const state =
    last?.kind === 'verified' ? 'verified' : last?.kind === 'refused' ? 'broken' : isRunning ? 'checking' : 'recorded';
  const run = (): void => {
    const tell = (message: VerifyAllMessage): void =>
      void queries.setQueryData<VerifyAllMessage | null>(['verify-all', log], message);
    tell({ kind: 'progress', leaves: 0, treeSize: 0 });
    startVerifyAll({ log, verifierKey, minimumIndex }, tell);
  };
  return (
    <div className="seal-card" data-state={state} role="status">
      <span className="seal" data-state={state} data-size="large">
        <SealDrawing state={state} />
      </span>
      <div className="stack tight">{describe(last)}</div>
      <div className="seal-actions">
        <Button size="sm" variant={last?.kind === 'verified' ? 'default' : 'filled'} loading={isRunning} onClick={run}>
          {last === null ? 'Verify everything' : 'Verify again'}
        </Button>
      </div>
    </div>
  );
}

function describe(last: VerifyAllMessage | null) {
  switch (last?.kind) {
    case undefined:
      return (
        <>
          <h3>Check the whole log in this browser</h3>
          <p className="small quiet">
            Fetches the hash of every entry, builds the tree anew and compares its root with the signed checkpoint.
          </p>
        </>
      );
    case 'progress':
      return (
        <>
          <h3>
            {formatCount(last.leaves)} of {last.treeSize === 0 ? '…' : formatCount(last.treeSize)} entries
          </h3>
          <div
            className="progress"
            role="progressbar"
            aria-label="Entries checked"
            aria-valuenow={last.leaves}
            aria-valuemin={0}
            aria-valuemax={last.treeSize}
          >
            <div style={{ width: `${last.treeSize === 0 ? 0 : (last.leaves / last.treeSize) * 100}%` }} />
          </div>
        </>
      );
    case 'verified':
      return (
        <>
          <h3 className="good">All {formatCount(last.treeSize)} entries verify</h3>
          <p className="small quiet">
            {formatCount(last.files)} files in {(last.elapsedMs / 1000).toFixed(1)} s, in this browser, up to the signed
            root <code>{last.root.slice(0, 16)}…</code>
          </p>
        </>
      );
    case 'refused':
      return (
        <>
          <h3 className="bad">The log does not verify</h3>
          <p className="small">
            {last.reason}. In <code>{last.path}</code> at byte {formatCount(last.offset)}.
          </p>
          <p className="small quiet">
            Keep a copy of the data directory as it is now, and compare the checkpoint with one that was kept elsewhere.
          </p>
        </>
      );
    case 'failed':
      return (
        <>
          <h3>It could not be checked</h3>
          <p className="small quiet">{last.message}</p>
        </>
      );
  }
}
