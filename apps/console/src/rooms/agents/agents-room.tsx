import { useQuery } from '@tanstack/react-query';
import type { Me } from '../../api/queries.ts';
import { useAddress } from '../../app/address.ts';
import { may } from '../../app/rooms.ts';
import { CopyBlock } from '../../parts/copy-block.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { RoomHead } from '../../parts/room-head.tsx';
import { AgentList } from './agent-list.tsx';
import { AgentPanel } from './agent-panel.tsx';
import { agentRisksQuery, agentsQuery, runsOfQuery, runsQuery, stopsQuery } from './agents-query.ts';
import { RunList } from './run-list.tsx';
import { RunPanel } from './run-panel.tsx';
import { StopButton } from './stop-button.tsx';
import { StopsSheet } from './stops-sheet.tsx';

/** AI agents: what goes on, whose it is, what it may do, and the switch that stops it. */
export function AgentsRoom({ me }: { readonly me: Me }) {
  const { get, change } = useAddress();
  const agents = useQuery(agentsQuery);
  const runs = useQuery(runsQuery);
  const stops = useQuery(stopsQuery);
  const known = agents.data?.agents ?? [];
  const all = runs.data?.sessions ?? [];
  const [open, over] = [
    all.filter(({ ended_for: end }) => end === undefined),
    all.filter(({ ended_for: end }) => end !== undefined).slice(0, 20),
  ];
  const [run, agent] = [get('run'), known.find(({ id }) => id === get('agent'))];
  const ofAgent = useQuery({ ...runsOfQuery(agent?.id ?? ''), enabled: agent !== undefined });
  const selected = [...all, ...(ofAgent.data?.sessions ?? [])].find(({ id }) => id === run);
  const risks = useQuery({ ...agentRisksQuery, enabled: may(me, 'alerts:read') });
  const error = agents.error ?? runs.error ?? stops.error;
  const canStop = may(me, 'agents:stop');
  // From a run of an agent the way back leads to the agent.
  const openRun = (id: string | undefined): void => change({ run: id, earlier: undefined, later: undefined });
  const openAgent = (id: string | undefined): void =>
    change({ agent: id, run: undefined, earlier: undefined, later: undefined });
  const isLost = run !== undefined && selected === undefined && runs.isSuccess && !ofAgent.isLoading;

  return (
    <div className="room-inner">
      <RoomHead
        title="Agents"
        lead="AI agents under the law of everybody else: each run belongs to somebody, and each call is judged and recorded before it happens."
      >
        {canStop ? <StopButton scope="all" value="" what="all agents" label="Stop all agents" /> : null}
      </RoomHead>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void runs.refetch()} />}
      <StopsSheet stops={stops.data?.stops ?? []} agents={known} canLift={may(me, 'agents:manage')} />
      {agents.data === undefined && error === null ? <Loading heights={[96, 96]} /> : null}
      {agents.data?.agents.length === 0 ? (
        <section className="sheet stack">
          <p>No agent was run yet. On a machine where one works, sign in and start it through the command line:</p>
          <CopyBlock
            text={'sallyport login\nsallyport agent setup claude-code --write\nsallyport agent run -- claude'}
            title="In a terminal of that machine"
          />
        </section>
      ) : null}
      {isLost ? (
        <Notice tone="warn" title="The run you came for is not among the newest, or is not kept any more">
          <p>What it did stands in the ledger, and Search finds it there.</p>
        </Notice>
      ) : null}
      <div className="with-panel" data-open={selected !== undefined || agent !== undefined}>
        <div className="stack">
          {open.length === 0 ? null : <RunList label="Going on" runs={open} agents={known} onOpen={openRun} />}
          {known.length === 0 ? null : (
            <AgentList
              agents={known}
              risks={new Map(risks.data?.entities.map(({ name, risk }) => [name, risk]))}
              onOpen={openAgent}
              canManage={may(me, 'agents:manage')}
              canStop={canStop}
            />
          )}
          {over.length === 0 ? null : <RunList label="Over" runs={over} agents={known} onOpen={openRun} />}
        </div>
        {selected !== undefined || agent === undefined ? null : (
          <AgentPanel
            key={agent.id}
            agent={agent}
            canReadAlerts={may(me, 'alerts:read')}
            canStop={canStop}
            onOpenRun={openRun}
            onClose={() => openAgent(undefined)}
          />
        )}
        {selected === undefined ? null : (
          <RunPanel
            key={selected.id}
            run={selected}
            agent={known.find(({ id }) => id === selected.agent_id)}
            canRead={may(me, 'events:read')}
            canStop={canStop}
            onClose={() => openRun(undefined)}
          />
        )}
      </div>
    </div>
  );
}
