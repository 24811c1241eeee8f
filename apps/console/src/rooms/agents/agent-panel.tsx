import { useQuery } from '@tanstack/react-query';
import { Clock } from '../../parts/clock.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';
import { SidePanel } from '../../parts/side-panel.tsx';
import { AgentRisk } from './agent-risk.tsx';
import { harnessName, ownerName, packWords } from './agent-words.ts';
import { runsOfQuery } from './agents-query.ts';
import type { Agent } from './agents-query.ts';
import { RunLines } from './run-list.tsx';
import { StopButton } from './stop-button.tsx';

/** One agent: whose it is, how risky what was found about it makes it, and its runs. */
export function AgentPanel({
  agent,
  canReadAlerts,
  canStop,
  onOpenRun,
  onClose,
}: {
  readonly agent: Agent;
  readonly canReadAlerts: boolean;
  readonly canStop: boolean;
  readonly onOpenRun: (id: string) => void;
  readonly onClose: () => void;
}) {
  const { data, error, refetch } = useQuery(runsOfQuery(agent.id));
  const name = printable(agent.name);
  return (
    <SidePanel title={<bdi>{name}</bdi>} label={`Agent ${name}`} onClose={onClose}>
      <dl className="facts stacked">
        <div>
          <dt>Runs</dt>
          <dd className="breaks">
            {harnessName(agent.harness)} for <bdi>{ownerName(agent)}</bdi>
          </dd>
        </div>
        <div>
          <dt>Policies</dt>
          <dd>{packWords[agent.pack]}</dd>
        </div>
        <div>
          <dt>Known since</dt>
          <dd>
            <Clock at={agent.created_at_ms} />
          </dd>
        </div>
      </dl>
      {canStop ? (
        <div className="row">
          <StopButton scope="agent" value={agent.id} what={`agent ${name}`} />
        </div>
      ) : null}
      <AgentRisk agent={agent} canRead={canReadAlerts} />
      <section aria-labelledby="runs-of-agent">
        <h3 id="runs-of-agent">Its runs</h3>
        {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
        {data === undefined && error === null ? <Loading heights={[56]} /> : null}
        {data?.sessions.length === 0 ? <p className="quiet">None is kept any more.</p> : null}
        {data === undefined ? null : <RunLines runs={data.sessions} agents={[agent]} onOpen={onOpenRun} />}
      </section>
    </SidePanel>
  );
}
