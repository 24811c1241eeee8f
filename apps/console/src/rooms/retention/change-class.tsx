import { Checkbox, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { plural } from '../../parts/numbers.ts';
import { ProblemWithStep } from '../../parts/problem-with-step.tsx';
import { ReasonDialog } from '../../parts/reason-dialog.tsx';
import { daysOf, judgeChange } from './class-words.ts';
import { destructionsQuery } from './destructions-query.ts';
import { keepWords } from './intent-words.ts';
import { retentionNextSteps } from './next-steps.ts';
import { retentionQuery } from './retention-query.ts';
import type { RetentionClass } from './retention-query.ts';

/** How long a class is kept: longer holds at once, shorter is signed by two people. */
export function ChangeClass({
  of,
  onWaits,
  onClose,
}: {
  readonly of: RetentionClass;
  /** Given the step that two people sign. */
  readonly onWaits: (id: string) => void;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const [text, setText] = useState(String(of.keep_days ?? of.recommended_days));
  const [isForever, setForever] = useState(false);
  const wanted = isForever ? null : daysOf(text);
  const verdict = judgeChange(of, wanted);
  const change = useMutation({
    mutationFn: (reason: string) =>
      call('PUT /v1/retention/classes/{class}', {
        params: { class: of.name },
        body: { keep_days: wanted ?? null, reason },
        purpose: 'change how long something is kept',
      }),
    onSuccess: async ({ id, stage }) => {
      await Promise.all([
        queries.invalidateQueries({ queryKey: retentionQuery.queryKey }),
        queries.invalidateQueries({ queryKey: destructionsQuery.queryKey }),
      ]);
      onClose();
      if (stage !== 'agreed') onWaits(id);
    },
  });
  return (
    <ReasonDialog
      title={`How long is “${of.name}” kept?`}
      points={[
        `Now it is kept ${keepWords(of.keep_days)}. Recommended: ${plural(of.recommended_days, 'day')}, because ${of.recommended_because}.`,
        'A day of it is destroyed as a whole, with its key: events, findings’ copies, search rows and backups no longer give it back.',
      ]}
      confirm={verdict.kind === 'shorter' ? 'Ask for it' : 'Keep it so long'}
      isDisabled={verdict.kind === 'same' || verdict.kind === 'refused'}
      isPending={change.isPending}
      problem={change.error === null ? null : <ProblemWithStep problem={change.error} nextSteps={retentionNextSteps} />}
      onConfirm={(reason) => change.mutate(reason)}
      onClose={onClose}
    >
      <TextInput
        label="Days, after the day it was recorded"
        data-autofocus
        inputMode="numeric"
        maxLength={5}
        disabled={isForever}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Checkbox label="For ever" checked={isForever} onChange={(event) => setForever(event.currentTarget.checked)} />
      <p className="small" role="status">
        {verdict.text}
      </p>
    </ReasonDialog>
  );
}
