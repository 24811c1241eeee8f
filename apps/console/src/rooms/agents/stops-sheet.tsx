import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { Clock } from '../../parts/clock.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';
import { stopWords } from './agent-words.ts';
import type { Agent, Stop } from './agents-query.ts';

/** What is stopped, above everything else: nobody should wonder why an agent does nothing. */
export function StopsSheet({
  stops,
  agents,
  canLift,
}: {
  readonly stops: readonly Stop[];
  readonly agents: readonly Agent[];
  readonly canLift: boolean;
}) {
  const queries = useQueryClient();
  const lift = useMutation({
    mutationFn: (id: string) =>
      call('DELETE /v1/agent/stops/{id}', { params: { id }, purpose: 'let these agents go on' }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['agents'] }),
  });
  if (stops.length === 0) return null;
  return (
    <section className="sheet" aria-label="Stopped">
      {lift.error === null ? null : <ProblemNotice problem={lift.error} />}
      <ul className="lines">
        {stops.map((stop) => (
          <li key={stop.id}>
            <span className="line-main">
              <span className="line-name">{printable(stopWords(stop, agents))}</span>
              <span className="quiet small">
                by {printable(stop.by)}, <Clock at={stop.at_ms} />
                {stop.reason === '' ? '' : `: ${printable(stop.reason)}`}
              </span>
            </span>
            {canLift ? (
              <Button
                size="compact-sm"
                variant="default"
                loading={lift.isPending && lift.variables === stop.id}
                onClick={() => lift.mutate(stop.id)}
              >
                Let go on
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
    </section>
  );
}
