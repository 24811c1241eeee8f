import { Checkbox, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { ProblemWithStep } from '../../parts/problem-with-step.tsx';
import { ReasonDialog } from '../../parts/reason-dialog.tsx';
import { destructionsQuery } from './destructions-query.ts';
import { retentionNextSteps } from './next-steps.ts';
import type { Identifier } from './personal-query.ts';

/** A legal hold on the person who was found. */
export function HoldPerson({
  about,
  onDone,
  onClose,
}: {
  readonly about: readonly Identifier[];
  readonly onDone: () => void;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [days, setDays] = useState(false);
  const hold = useMutation({
    mutationFn: (reason: string) =>
      call('POST /v1/personal-data/holds', {
        body: { about, name: name.trim(), reason, days },
        purpose: 'hold what is recorded of a person',
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: destructionsQuery.queryKey });
      onDone();
    },
  });
  return (
    <ReasonDialog
      title="Hold this person?"
      points={[
        'Nobody erases them, whoever signs, until two people release the hold. Everybody else can still be erased.',
        'Days on which something was recorded of them go by their policies, unless they are kept too.',
      ]}
      confirm="Hold"
      isDisabled={name.trim() === ''}
      isPending={hold.isPending}
      problem={hold.error === null ? null : <ProblemWithStep problem={hold.error} nextSteps={retentionNextSteps} />}
      onConfirm={(reason) => hold.mutate(reason)}
      onClose={onClose}
    >
      <TextInput
        label="Name of the case"
        description="Everybody who sees holds reads it: not the person’s name"
        maxLength={200}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Checkbox
        label="Keep those days too, whole and of every class"
        checked={days}
        onChange={(event) => setDays(event.currentTarget.checked)}
      />
    </ReasonDialog>
  );
}
