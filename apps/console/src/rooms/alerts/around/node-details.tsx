import { Link } from 'wouter';
import type { Me } from '../../../api/queries.ts';
import { Clock } from '../../../parts/clock.tsx';
import { printable } from '../../../parts/printable.ts';
import { searchAddress } from '../../../parts/source-address.ts';
import { RiskMark } from '../../entities/risk-mark.tsx';
import { countWords } from './around-list.tsx';
import { nodeWords } from './around-query.ts';
import type { AroundEdge, AroundNode } from './around-query.ts';
import { CriticalityChoice } from './criticality-choice.tsx';

/** One of those around an alert: why it matters, how it is joined to the others, and where to go from here. */
export function NodeDetails({
  node,
  nodes,
  edges,
  me,
}: {
  readonly node: AroundNode;
  readonly nodes: readonly AroundNode[];
  readonly edges: readonly AroundEdge[];
  readonly me: Me;
}) {
  const names = new Map(nodes.map(({ id, label, name }) => [id, printable(label ?? name)]));
  const own = edges.filter(({ from, to }) => from === node.id || to === node.id);
  return (
    <section className="around-details stack tight" aria-label={`${nodeWords[node.kind]} ${names.get(node.id) ?? ''}`}>
      <h4>
        <span className="quiet">{nodeWords[node.kind]}</span> {names.get(node.id)}
      </h4>
      {node.risk === null ? null : (
        <div className="small">
          <RiskMark risk={node.risk.value} />{' '}
          {node.risk.reasons.length === 0 ? null : (
            <span className="quiet">{printable(node.risk.reasons.join(', '))}</span>
          )}
        </div>
      )}
      <CriticalityChoice node={node} me={me} />
      <ul className="small plain-points">
        {own.map((edge) => (
          <li key={`${edge.from} ${edge.relation} ${edge.to}`}>
            {names.get(edge.from)} {edge.words} {names.get(edge.to)}
            <span className="quiet">{countWords(edge)}</span>{' '}
            {edge.last_seen === undefined ? null : (
              <span className="quiet">
                · last <Clock at={edge.last_seen} />
              </span>
            )}{' '}
            {edge.examples.slice(-2).map((position) => (
              <Link key={position} href={`/search?open=${position}`} className="around-example">
                {position}
              </Link>
            ))}
          </li>
        ))}
      </ul>
      <div className="row small">
        {node.query === undefined ? null : <Link href={searchAddress(node.query)}>Search its events</Link>}
        {node.risk === null ? null : (
          <Link href={`/entities?open=${encodeURIComponent(node.risk.entity)}`}>What is usual for it</Link>
        )}
        {node.kind === 'camera' ? <Link href={`/live/${encodeURIComponent(node.name)}`}>See it live</Link> : null}
        {node.kind === 'device' ? <Link href="/devices">Devices</Link> : null}
        {alertFilters[node.kind] === undefined ? null : (
          <Link href={`/alerts?${alertFilters[node.kind] ?? ''}=${encodeURIComponent(node.name)}`}>Its alerts</Link>
        )}
      </div>
    </section>
  );
}

/** What lists of alerts can be filtered by. */
const alertFilters: Partial<Record<AroundNode['kind'], string>> = { person: 'user', host: 'host', address: 'source' };
