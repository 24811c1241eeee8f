import { plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import { criticalityWords, manyWords, nodeWords } from './around-query.ts';
import type { AroundEdge, GraphView } from './around-query.ts';

/** The picture in words: every node with how it is joined to the others. */
export function AroundList({ around, nodes, edges, selected, onSelect }: GraphView) {
  const names = new Map(nodes.map((node) => [node.id, printable(node.label ?? node.name)]));
  return (
    <ul className="around-list" aria-label="Who and what is around this alert">
      {nodes.map((node) => (
        <li key={node.id} data-selected={node.id === selected || undefined}>
          <button
            type="button"
            className="plain-button"
            aria-pressed={node.id === selected}
            onClick={() => onSelect(node.id)}
          >
            {names.get(node.id)}
          </button>{' '}
          <span className="quiet small">
            {[
              nodeWords[node.kind].toLowerCase(),
              ...(node.hop === 0 ? ['what it is about'] : []),
              ...(node.risk === null || node.risk.value === 0 ? [] : [`risk ${node.risk.value}`]),
              ...(node.criticality.level === 'normal' ? [] : [criticalityWords[node.criticality.level].toLowerCase()]),
              ...(node.alerts === 0 ? [] : [plural(node.alerts, 'alert')]),
            ].join(' · ')}
          </span>
          <ul className="small">
            {edges
              .filter(({ from }) => from === node.id)
              .map((edge) => (
                <li key={`${edge.relation} ${edge.to}`}>
                  {edge.words} {names.get(edge.to)}
                  <span className="quiet">{countWords(edge)}</span>
                </li>
              ))}
            {around.folds
              .filter(({ at }) => at === node.id)
              .map(({ kind, count }) => (
                <li key={kind} className="quiet">
                  and {count} more {manyWords[kind]}, at least
                </li>
              ))}
          </ul>
        </li>
      ))}
    </ul>
  );
}

export function countWords({ relation, count, failed }: AroundEdge): string {
  if (count === 0) return '';
  const what = plural(count, relation === 'in_one_alert_with' ? 'alert' : 'event');
  return ` · ${what}${failed === 0 ? '' : `, ${failed} failed`}`;
}
