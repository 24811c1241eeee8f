import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';
import { alertsQuery } from '../alerts/alerts-query.ts';
import { RiskMark } from '../entities/risk-mark.tsx';
import { heldForOwnerWords, heldWords } from './agent-words.ts';
import { agentRiskQuery } from './agents-query.ts';
import type { Agent } from './agents-query.ts';

/** How risky an agent is by what was found about it, each finding with its alert, and what its policies make of that. */
export function AgentRisk({ agent, canRead }: { readonly agent: Agent; readonly canRead: boolean }) {
  const { data: risk, error, refetch } = useQuery({ ...agentRiskQuery(agent.id), enabled: canRead });
  const filter = { agent: agent.id, sort: 'newest' } as const;
  const { data: alerts } = useQuery({ ...alertsQuery(filter), enabled: canRead });
  const alertOf = (finding: string): string | undefined =>
    alerts?.alerts.find(({ finding: first, last_finding: last }) => first === finding || last === finding)?.id;
  const of = `agent=${encodeURIComponent(agent.id)}`;
  return (
    <section aria-labelledby="risk-of-agent">
      <h3 id="risk-of-agent">Risk</h3>
      {canRead ? null : <p className="quiet">Whoever may read alerts sees it.</p>}
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {canRead && risk === undefined && error === null ? <Loading heights={[24, 48]} /> : null}
      {risk === undefined ? null : (
        <>
          <RiskMark risk={risk.risk} />
          {risk.reasons.length === 0 ? <p className="quiet">Nothing was found about it lately.</p> : null}
          <ul className="plain-points" aria-label="Why">
            {risk.reasons.map(({ reason, points, finding }) => {
              const alert = alertOf(finding);
              return (
                <li key={finding} className="breaks">
                  {alert === undefined ? (
                    printable(reason)
                  ) : (
                    <Link href={`/alerts?${of}&open=${encodeURIComponent(alert)}`}>{printable(reason)}</Link>
                  )}{' '}
                  <span className="quiet small number">+{points}</span>
                </li>
              );
            })}
          </ul>
          <p className="small">{[heldWords(agent.pack, risk.risk), heldForOwnerWords(agent.pack)].join(' ')}</p>
        </>
      )}
      {canRead ? (
        <p className="small">
          <Link href={`/alerts?${of}`}>Alerts about it</Link>
        </p>
      ) : null}
    </section>
  );
}
