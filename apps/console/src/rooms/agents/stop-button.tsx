import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { ReasonDialog } from '../../parts/reason-dialog.tsx';
import type { Stop } from './agents-query.ts';

/** Stops what it is about at once, and asks why while it may. */
export function StopButton({
  scope,
  value,
  what,
  label = 'Stop',
}: {
  readonly scope: Stop['scope'];
  readonly value: string;
  /** Named in the question: `agent builder`. */
  readonly what: string;
  readonly label?: string;
}) {
  const [isOpen, setOpen] = useState(false);
  const queries = useQueryClient();
  const stop = useMutation({
    mutationFn: (reason: string) => call('POST /v1/agent/stops', { body: { scope, value, reason } }),
    async onSuccess() {
      setOpen(false);
      await queries.invalidateQueries({ queryKey: ['agents'] });
    },
  });
  return (
    <>
      <Button
        size="compact-sm"
        color="red"
        variant="light"
        aria-label={label === 'Stop' ? `Stop ${what}` : label}
        onClick={() => setOpen(true)}
      >
        {label}
      </Button>
      {isOpen ? (
        <ReasonDialog
          title={`Stop ${what}`}
          points={[
            'Its next call is refused, and told why.',
            'It holds until somebody with the right to change agents takes it away.',
          ]}
          confirm="Stop now"
          why="the agent and whoever sits before it read it"
          isFinal
          isPending={stop.isPending}
          problem={stop.error === null ? null : <ProblemNotice problem={stop.error} />}
          onConfirm={(reason) => stop.mutate(reason)}
          onClose={() => setOpen(false)}
        />
      ) : null}
    </>
  );
}
