import { Checkbox, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { ProblemWithStep } from '../../parts/problem-with-step.tsx';
import { ReasonDialog } from '../../parts/reason-dialog.tsx';
import { destructionsQuery } from './destructions-query.ts';
import { holdCovers } from './hold-words.ts';
import { retentionNextSteps } from './next-steps.ts';
import { retentionQuery } from './retention-query.ts';

/** Pictures and sound of cameras, which hold no key of a class and are held by the same word. */
const recordings = 'recordings';

/** One person is enough to hold; it takes two to end it. */
export function PlaceHold({ onClose }: { readonly onClose: () => void }) {
  const queries = useQueryClient();
  const retention = useQuery(retentionQuery);
  const classes = [...(retention.data?.classes.map((one) => one.name) ?? []), recordings];
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const selector = {
    classes: chosen,
    ...(from === '' ? {} : { fromDay: from }),
    ...(to === '' ? {} : { toDay: to }),
  };
  const place = useMutation({
    mutationFn: (reason: string) =>
      call('POST /v1/retention/holds', {
        body: {
          name: name.trim(),
          reason,
          classes: chosen,
          ...(from === '' ? {} : { from_day: from }),
          ...(to === '' ? {} : { to_day: to }),
        },
        purpose: 'place a legal hold',
      }),
    onSuccess: async () => {
      await Promise.all([
        queries.invalidateQueries({ queryKey: retentionQuery.queryKey }),
        queries.invalidateQueries({ queryKey: destructionsQuery.queryKey }),
      ]);
      onClose();
    },
  });
  return (
    <ReasonDialog
      title="Place a legal hold"
      points={[
        'It holds at once, on your word alone; whatever is being destroyed leaves these days out.',
        'Two people end it, with their passkeys.',
      ]}
      confirm="Place it"
      isDisabled={name.trim() === '' || chosen.length === 0}
      isPending={place.isPending}
      problem={place.error === null ? null : <ProblemWithStep problem={place.error} nextSteps={retentionNextSteps} />}
      onConfirm={(reason) => place.mutate(reason)}
      onClose={onClose}
    >
      <TextInput
        label="Name"
        description="such as the number of the case"
        data-autofocus
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Checkbox.Group label="Classes" value={[...chosen]} onChange={setChosen}>
        <div className="row">
          {classes.map((value) => (
            <Checkbox key={value} value={value} label={value} />
          ))}
        </div>
      </Checkbox.Group>
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
          description="empty: days to come too"
          value={to}
          onChange={(event) => setTo(event.currentTarget.value)}
        />
      </div>
      {chosen.length === 0 ? null : (
        <p className="small quiet" role="status">
          {holdCovers({ selector, keyIds: [] })}
        </p>
      )}
    </ReasonDialog>
  );
}
