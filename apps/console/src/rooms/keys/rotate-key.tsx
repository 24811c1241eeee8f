import { Checkbox } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import type { Request } from '../../api/call.ts';
import { ProblemWithStep } from '../../parts/problem-with-step.tsx';
import { rotationOf } from './key-changes.ts';
import { keyTitle, promiseOf, providerNames } from './key-words.ts';
import { vaultNextSteps } from './next-steps.ts';
import { ReasonDialog } from '../../parts/reason-dialog.tsx';
import { vaultQuery } from './vault-query.ts';
import type { Provider, ProviderKind, VaultKey } from './vault-query.ts';

type Order = Request<'POST /v1/vault/rotations'>['body'];

/** Starts the replacement of a key; the work goes on at the server and is shown in the room. */
export function RotateKey({
  keyEntry,
  providers,
  first,
  onClose,
}: {
  readonly keyEntry: VaultKey;
  readonly providers: readonly Provider[];
  /** Chosen from the start, for an epoch; those in use without. */
  readonly first?: readonly ProviderKind[] | undefined;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const inUse = providers.filter(({ isUsed }) => isUsed).map(({ kind }) => kind);
  const [chosen, setChosen] = useState<readonly ProviderKind[]>(first ?? inUse);
  const words = rotationOf(keyEntry);
  const isEpoch = keyEntry.level === 'epoch';
  const rotate = useMutation({
    mutationFn: (reason: string) =>
      call('POST /v1/vault/rotations', {
        body: orderOf(keyEntry, chosen, reason),
        purpose: 'replace keys of the vault',
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: vaultQuery.queryKey });
      onClose();
    },
  });
  if (words === undefined) return null;
  return (
    <ReasonDialog
      title={isEpoch ? 'Make a new epoch?' : `Replace ${keyTitle(keyEntry)}, version ${keyEntry.version}?`}
      points={words.points}
      confirm={words.verb}
      isPending={rotate.isPending}
      problem={rotate.error === null ? null : <ProblemWithStep problem={rotate.error} nextSteps={vaultNextSteps} />}
      onConfirm={(reason) => rotate.mutate(reason)}
      onClose={onClose}
    >
      {isEpoch && providers.length > 1 ? (
        <Checkbox.Group
          label="Whose master keys wrap it"
          description="Any one of them opens the vault: with two, one may die. A destruction covers all of them and promises as little as the weakest."
          value={[...chosen]}
          onChange={(values) => setChosen(providers.map(({ kind }) => kind).filter((kind) => values.includes(kind)))}
        >
          <div className="stack tight">
            {providers.map((provider) => (
              <Checkbox
                key={provider.kind}
                value={provider.kind}
                disabled={'unreachable' in provider || (chosen.length === 1 && chosen[0] === provider.kind)}
                label={providerNames[provider.kind]}
                description={promiseOf(provider).word}
              />
            ))}
          </div>
        </Checkbox.Group>
      ) : null}
    </ReasonDialog>
  );
}

function orderOf(key: VaultKey, providers: readonly ProviderKind[], reason: string): Order {
  if (key.level === 'epoch') return { level: 'epoch', providers, reason };
  if (key.level === 'data' || key.purpose === undefined) return { level: 'data', label: key.label, reason };
  return { level: 'purpose', purpose: key.purpose, reason };
}
