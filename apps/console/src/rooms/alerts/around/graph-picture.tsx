import {
  IconApps,
  IconDeviceCctv,
  IconDeviceDesktop,
  IconDeviceMobile,
  IconMapPin,
  IconRobot,
  IconServerCog,
  IconUser,
  IconWorld,
} from '@tabler/icons-react';
import { useMemo } from 'react';
import { printable } from '../../../parts/printable.ts';
import { criticalityWords, manyWords, nodeWords } from './around-query.ts';
import type { AroundNode, GraphView } from './around-query.ts';
import { layOut } from './graph-layout.ts';

const icons: Readonly<Record<AroundNode['kind'], typeof IconUser>> = {
  person: IconUser,
  host: IconDeviceDesktop,
  address: IconWorld,
  camera: IconDeviceCctv,
  device: IconDeviceMobile,
  agent: IconRobot,
  service: IconServerCog,
  site: IconMapPin,
  process: IconApps,
};
const radius = 19;
const longestName = 17;
/** Shorter lines have no room for words: they stand below. */
const leastForWords = 150;

/** Who and what is around an alert, drawn: what it is about in the middle. Every node is a button; the list says the same in words. */
export function GraphPicture({ around, nodes, edges, selected, onSelect }: GraphView) {
  const { width, height, places } = useMemo(() => layOut(nodes, edges), [nodes, edges]);
  const near = new Set(edges.flatMap(({ from, to }) => (from === selected || to === selected ? [from, to] : [])));
  // Of several relations of a pair, the first that is more than standing in one alert has the words.
  const told = new Set(
    [...Map.groupBy(edges, ({ from, to }) => [from, to].toSorted().join(' ')).values()].flatMap(
      (pair) => pair.find(({ relation }) => relation !== 'in_one_alert_with') ?? pair[0] ?? [],
    ),
  );
  const folds = Map.groupBy(around.folds, ({ at }) => at);
  return (
    <svg
      className="around-picture"
      viewBox={`0 0 ${width} ${height}`}
      style={{ maxWidth: `${width * 1.1}px` }}
      role="group"
      aria-label="Who and what is around this alert"
    >
      {edges.map((edge) => {
        const [from, to] = [places.get(edge.from), places.get(edge.to)];
        if (from === undefined || to === undefined) return null;
        const isNear = edge.from === selected || edge.to === selected;
        return (
          <g key={`${edge.from} ${edge.relation} ${edge.to}`} aria-hidden="true">
            <line
              className="around-edge"
              data-relation={edge.relation === 'in_one_alert_with' ? 'alert' : undefined}
              data-failed={edge.failed > 0 || undefined}
              data-far={(selected !== undefined && !isNear) || undefined}
              x1={from.x}
              y1={from.y}
              x2={to.x}
              y2={to.y}
              strokeWidth={1 + Math.min(3, Math.log10(1 + edge.count))}
            />
            {isNear && told.has(edge) && Math.abs(from.x - to.x) >= leastForWords ? (
              <text className="around-words" x={(from.x + to.x) / 2} y={(from.y + to.y) / 2 - 3}>
                {edge.words}
                {edge.count > 1 ? ` ×${edge.count}` : ''}
              </text>
            ) : null}
          </g>
        );
      })}
      {nodes.map((node) => {
        const place = places.get(node.id);
        if (place === undefined) return null;
        const Icon = icons[node.kind];
        const more = folds.get(node.id) ?? [];
        return (
          <g
            key={node.id}
            className="around-place"
            data-far={(selected !== undefined && node.id !== selected && !near.has(node.id)) || undefined}
            transform={`translate(${place.x} ${place.y})`}
          >
            <g
              className="around-node"
              role="button"
              tabIndex={0}
              aria-pressed={node.id === selected}
              aria-label={nodeLabel(node)}
              data-hop={node.hop}
              data-risk={riskBand(node)}
              onClick={() => onSelect(node.id)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter' && event.key !== ' ') return;
                event.preventDefault();
                onSelect(node.id);
              }}
            >
              <circle r={radius} />
              {node.criticality.level === 'high' || node.criticality.level === 'crown_jewel' ? (
                <circle className="around-critical" r={radius + 4} />
              ) : null}
              <Icon x={-10} y={-10} width={20} height={20} aria-hidden="true" />
            </g>
            <g aria-hidden="true">
              <text className="around-name" y={radius + 15}>
                {shortName(node)}
              </text>
              {more.length === 0 ? null : (
                <text className="around-more" y={radius + 28}>
                  {more.map(({ kind, count }) => `+ ${count} ${manyWords[kind]}`).join(', ')}
                </text>
              )}
              {node.risk === null || node.risk.value < 25 ? null : (
                <g className="around-badge" transform={`translate(${radius - 2} ${-radius + 2})`}>
                  <rect x="-11" y="-9" width="24" height="17" rx="8.5" />
                  <text x="1" y="4">
                    {node.risk.value}
                  </text>
                </g>
              )}
            </g>
          </g>
        );
      })}
    </svg>
  );
}

/** The whole of a node in words, as a screen reader says it. */
function nodeLabel(node: AroundNode): string {
  return [
    `${nodeWords[node.kind]} ${printable(node.label ?? node.name)}`,
    ...(node.hop === 0 ? ['what the alert is about'] : []),
    ...(node.risk === null || node.risk.value === 0 ? [] : [`risk ${node.risk.value}`]),
    ...(node.criticality.level === 'normal'
      ? []
      : [`criticality ${criticalityWords[node.criticality.level].toLowerCase()}`]),
    ...(node.alerts === 0 ? [] : [`${node.alerts} ${node.alerts === 1 ? 'alert' : 'alerts'}`]),
  ].join(', ');
}

function shortName(node: AroundNode): string {
  const name = printable(node.label ?? node.name);
  const base = node.kind === 'process' ? (name.split(/[\\/]/u).at(-1) ?? name) : name;
  const characters = Array.from(base);
  return characters.length <= longestName ? base : `${characters.slice(0, longestName - 1).join('')}…`;
}

function riskBand({ risk }: AroundNode): string | undefined {
  if (risk === null || risk.value < 25) return undefined;
  return risk.value >= 75 ? 'critical' : risk.value >= 50 ? 'high' : 'medium';
}
