import { Select } from '@mantine/core';
import { useState } from 'react';
import { Clock } from '../../parts/clock.tsx';
import { printable } from '../../parts/printable.ts';
import { harnessName, packWords } from './agent-words.ts';
import type { Agent } from './agents-query.ts';
import { PackChoice } from './pack-choice.tsx';
import { ApprovalChoice } from './approval-choice.tsx';
import { StopButton } from './stop-button.tsx';

const packs: readonly Agent['pack'][] = ['observe', 'developer', 'unattended', 'locked-down'];

/** Every agent with the policies it is judged by. */
export function AgentList({
  agents,
  canManage,
  canStop,
}: {
  readonly agents: readonly Agent[];
  readonly canManage: boolean;
  readonly canStop: boolean;
}) {
  const [chosen, setChosen] = useState<{ readonly agent: Agent; readonly pack: Agent['pack'] }>();
  return (
    <section className="sheet" aria-label="Agents">
      <h2>Agents</h2>
      {chosen === undefined ? null : <PackChoice {...chosen} onClose={() => setChosen(undefined)} />}
      <ul className="lines wrapping">
        {agents.map((agent) => (
          <li key={agent.id}>
            <span className="line-main">
              <span className="line-name">{printable(agent.name)}</span>
              <span className="quiet small">
                {harnessName(agent.harness)} ·{' '}
                {printable(agent.owner.name === '' ? 'nobody any more' : agent.owner.name)} · last begun{' '}
                <Clock at={agent.seen_at_ms} />
              </span>
            </span>
            <span className="row">
              <Select
                aria-label={`Policies of ${agent.name}`}
                size="xs"
                allowDeselect={false}
                disabled={!canManage}
                data={packs.map((pack) => ({ value: pack, label: packWords[pack] }))}
                value={agent.pack}
                onChange={(value) => {
                  const pack = packs.find((one) => one === value);
                  if (pack !== undefined && pack !== agent.pack) setChosen({ agent, pack });
                }}
              />
              <ApprovalChoice agent={agent} canManage={canManage} />
              {canStop ? <StopButton scope="agent" value={agent.id} what={`agent ${agent.name}`} /> : null}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
