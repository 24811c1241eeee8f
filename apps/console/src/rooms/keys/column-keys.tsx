import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { plural } from '../../parts/numbers.ts';
import { ProblemWithStep } from '../../parts/problem-with-step.tsx';
import { ReasonDialog } from '../../parts/reason-dialog.tsx';
import { vaultNextSteps } from './next-steps.ts';
import { RotationProgress } from './rotation-progress.tsx';
import { vaultQuery } from './vault-query.ts';
import type { ColumnKeys } from './vault-query.ts';

/** Keys of what stands encrypted in the control database: names, addresses, credentials. */
export function ColumnKeysSheet({
  columns,
  nowMs,
  canRotate,
}: {
  readonly columns: readonly ColumnKeys[];
  readonly nowMs: number;
  readonly canRotate: boolean;
}) {
  const [asked, setAsked] = useState<ColumnKeys>();
  if (columns.length === 0) return null;
  return (
    <section className="sheet" aria-labelledby="column-keys">
      <div className="sheet-head">
        <h2 id="column-keys">Encrypted columns</h2>
        <span className="quiet small">
          of the control database; one secret of the vault for each part of the product
        </span>
      </div>
      <ul className="lines" aria-label="Keys of encrypted columns">
        {columns.map((one) => {
          const [newest, ...older] = one.versions;
          return (
            <li key={one.name} className="provider">
              <span className="line-main">
                <span className="line-name">{one.name}</span>
                <span className="small quiet">
                  version {newest ?? 0} seals {one.tables.join(', ')}
                  {older.length === 0
                    ? ''
                    : `; ${plural(older.length, 'older version')} still opens what is not sealed anew`}
                </span>
                {one.rotation === null ? null : <RotationProgress rotation={one.rotation} nowMs={nowMs} />}
              </span>
              {canRotate ? (
                <Button
                  size="compact-sm"
                  variant="default"
                  aria-label={`Replace the key of ${one.name}`}
                  disabled={one.rotation?.state === 'running'}
                  onClick={() => setAsked(one)}
                >
                  Replace…
                </Button>
              ) : null}
            </li>
          );
        })}
      </ul>
      {asked === undefined ? null : <RotateColumns columns={asked} onClose={() => setAsked(undefined)} />}
    </section>
  );
}

function RotateColumns({ columns, onClose }: { readonly columns: ColumnKeys; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const rotate = useMutation({
    mutationFn: (reason: string) =>
      call('POST /v1/vault/rotations', { body: { level: 'columns', keys: columns.name, reason } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: vaultQuery.queryKey });
      onClose();
    },
  });
  return (
    <ReasonDialog
      title={`Replace the key of ${columns.name}?`}
      points={[
        `Every row of ${columns.tables.join(', ')} is sealed anew with a new key, a few at a time.`,
        'Nothing stops meanwhile; it may be interrupted and goes on by itself.',
        'The former key is forgotten once no row needs it.',
      ]}
      confirm="Replace the key"
      isPending={rotate.isPending}
      problem={rotate.error === null ? null : <ProblemWithStep problem={rotate.error} nextSteps={vaultNextSteps} />}
      onConfirm={(reason) => rotate.mutate(reason)}
      onClose={onClose}
    />
  );
}
