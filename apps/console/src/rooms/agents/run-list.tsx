import { Button } from '@mantine/core';
import { Fragment } from 'react';
import { Clock } from '../../parts/clock.tsx';
import { printable } from '../../parts/printable.ts';
import { ownerName, runState } from './agent-words.ts';
import type { Agent, Run } from './agents-query.ts';
import { dollarWords } from './usage-words.ts';

/** Runs as lines: whose, where, when it was heard of last. */
export function RunList({
  label,
  runs,
  agents,
  onOpen,
}: {
  readonly label: string;
  readonly runs: readonly Run[];
  readonly agents: readonly Agent[];
  readonly onOpen: (id: string) => void;
}) {
  return (
    <section className="sheet" aria-label={label}>
      <h2>{label}</h2>
      <RunLines runs={runs} agents={agents} onOpen={onOpen} />
    </section>
  );
}

/** The lines alone. */
export function RunLines({
  runs,
  agents,
  onOpen,
}: {
  readonly runs: readonly Run[];
  readonly agents: readonly Agent[];
  readonly onOpen: (id: string) => void;
}) {
  const nowMs = Date.now();
  return (
    <ul className="lines">
      {runs.map((run) => {
        const agent = agents.find(({ id }) => id === run.agent_id);
        const state = runState(run, nowMs);
        return (
          <li key={run.id}>
            <span className="line-main">
              <span className="line-name breaks">
                <bdi>{printable(agent?.name ?? 'An agent')}</bdi>{' '}
                <span className="chip" data-tone={state.tone}>
                  {state.words}
                </span>
              </span>
              <span className="quiet small breaks">
                {[agent === undefined ? undefined : ownerName(agent), run.workspace].map((said) =>
                  said === undefined ? null : (
                    <Fragment key={said}>
                      <bdi>{printable(said)}</bdi> ·{' '}
                    </Fragment>
                  ),
                )}
                {run.hook_at_ms === undefined ? (
                  <>
                    process heard of <Clock at={run.seen_at_ms} />
                  </>
                ) : (
                  <>
                    last hook <Clock at={run.hook_at_ms} />
                  </>
                )}
                {run.usage === undefined || run.usage.cost_usd === 0 ? '' : ` · ${dollarWords(run.usage.cost_usd)}`}
              </span>
            </span>
            <Button
              size="compact-sm"
              variant="default"
              aria-label={`Open run ${run.id} of ${agent?.name ?? 'an agent'}`}
              onClick={() => onOpen(run.id)}
            >
              Open
            </Button>
          </li>
        );
      })}
    </ul>
  );
}
