import { NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { Notice } from '../../parts/notice.tsx';
import { ProblemWithStep } from '../../parts/problem-with-step.tsx';
import { ReasonDialog } from '../../parts/reason-dialog.tsx';
import { vaultQuery } from '../keys/vault-query.ts';
import { destructionsQuery } from './destructions-query.ts';
import type { Hold } from './destructions-query.ts';
import { chosenDays, classesOf, previewWords } from './day-choice.ts';
import { retentionNextSteps } from './next-steps.ts';

/** Asks for the destruction of a class and days; nothing happens before two people have signed it. */
export function AskDestruction({
  holds,
  onDone,
  onClose,
}: {
  readonly holds: readonly Hold[];
  readonly onDone: (id: string) => void;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const vault = useQuery(vaultQuery);
  const keys = vault.data?.keys ?? [];
  const classes = classesOf(keys);
  const [name, setName] = useState('');
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const chosen = chosenDays(keys, { class: name, from, to }, holds);
  const ask = useMutation({
    mutationFn: (reason: string) =>
      call('POST /v1/vault/destructions', {
        body: { keyIds: chosen.keys.map(({ id }) => id), reason },
        purpose: 'ask for a destruction of keys',
      }),
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: destructionsQuery.queryKey });
      onDone(id);
    },
  });
  return (
    <ReasonDialog
      title="Ask for a destruction"
      points={[
        'Two people sign the exact list with their passkeys; then the waiting time runs.',
        'What was recorded on these days can never be read again afterwards; that it was recorded stays provable.',
      ]}
      confirm="Ask for it"
      isDisabled={chosen.keys.length === 0}
      isPending={ask.isPending}
      problem={ask.error === null ? null : <ProblemWithStep problem={ask.error} nextSteps={retentionNextSteps} />}
      onConfirm={(reason) => ask.mutate(reason)}
      onClose={onClose}
    >
      <NativeSelect
        label="Class"
        data-autofocus
        value={name}
        data={[{ value: '', label: 'Choose a class' }, ...classes.map((value) => ({ value, label: value }))]}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <div className="row form-row">
        <TextInput
          label="From the day"
          type="date"
          description="empty: from the first"
          value={from}
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
        <TextInput
          label="To the day"
          type="date"
          description="empty: to the last that is closed"
          value={to}
          onChange={(event) => setTo(event.currentTarget.value)}
        />
      </div>
      {name === '' ? null : (
        <div role="status">
          <Notice tone={chosen.keys.length === 0 ? 'warn' : 'plain'} title={previewWords(chosen).title}>
            {previewWords(chosen).notes.map((note) => (
              <p key={note}>{note}</p>
            ))}
          </Notice>
        </div>
      )}
    </ReasonDialog>
  );
}
