import { Select } from '@mantine/core';
import { useState } from 'react';
import { Clock } from '../../parts/clock.tsx';
import { printable } from '../../parts/printable.ts';
import { harnessName, ownerName, packWords } from './agent-words.ts';
import type { Agent } from './agents-query.ts';
import { riskWord } from '../entities/risk-mark.tsx';
import { PackChoice } from './pack-choice.tsx';
import { ApprovalChoice } from './approval-choice.tsx';
import { StopButton } from './stop-button.tsx';

const packs: readonly Agent['pack'][] = ['observe', 'developer', 'unattended', 'locked-down'];

/** Every agent with the policies it is judged by. */
export function AgentList({
  agents,
  risks,
  onOpen,
  canManage,
  canStop,
}: {
  readonly agents: readonly Agent[];
  /** By id, of those about which something was found and whoever looks may hear of it. */
  readonly risks: ReadonlyMap<string, number>;
  readonly onOpen: (id: string) => void;
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
              <span className="line-name">
                <button type="button" className="plain-button" onClick={() => onOpen(agent.id)}>
                  <bdi>{printable(agent.name)}</bdi>
                </button>{' '}
                <RiskChip risk={risks.get(agent.id) ?? 0} />
              </span>
              <span className="quiet small">
                {harnessName(agent.harness)} · <bdi>{ownerName(agent)}</bdi> · last begun{' '}
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

/** Nothing for whoever is at no raised risk: most are not. */
function RiskChip({ risk }: { readonly risk: number }) {
  if (risk < 25) return null;
  return (
    <span className="chip" data-tone={risk >= 75 ? 'bad' : 'warn'}>
      risk {risk}, {riskWord(risk)}
    </span>
  );
}
