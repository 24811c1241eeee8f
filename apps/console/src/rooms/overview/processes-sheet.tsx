import { IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import type { Overview } from '../../api/queries.ts';
import { formatCount } from '../../parts/numbers.ts';

const meanings = new Map([
  ['server', 'takes requests, matches rules'],
  ['sealer', 'holds the keys, writes the ledger'],
  ['store', 'answers searches'],
]);

const projectionMeanings = new Map([
  ['event-search', 'makes events searchable'],
  ['detection', 'runs rules over events'],
  ['alerts', 'turns findings into alerts'],
  ['sensors', 'watches the sensors on hosts'],
]);

export function ProcessesSheet({ overview }: { readonly overview: Overview }) {
  return (
    <section className="sheet half" aria-labelledby="processes-title">
      <h2 id="processes-title">Processes</h2>
      <ul className="lines in-pairs">
        {overview.processes.map(({ name, up, detail }) => (
          <li key={name}>
            {up ? (
              <IconCircleCheck size={18} stroke={1.7} className="good" aria-label="up" />
            ) : (
              <IconCircleX size={18} stroke={1.7} className="bad" aria-label="down" />
            )}
            <span className="line-main">
              <span className="line-name">{name}</span>
              <span className="quiet small">{detail ?? meanings.get(name) ?? ''}</span>
            </span>
            <span className="quiet small">{up ? 'up' : 'down'}</span>
          </li>
        ))}
        {overview.projections.map(({ name, state, lag, error }) => (
          <li key={`projection-${name}`}>
            {lag !== null && lag < 1000 ? (
              <IconCircleCheck size={18} stroke={1.7} className="good" aria-label="up to date" />
            ) : (
              <IconCircleX size={18} stroke={1.7} className="warn" aria-label="behind" />
            )}
            <span className="line-main">
              <span className="line-name">{name}</span>
              <span className="quiet small">{error ?? projectionMeanings.get(name) ?? state}</span>
            </span>
            <span className="quiet small">
              {lag === null ? 'behind' : lag === 0 ? 'up to date' : `${formatCount(lag)} behind`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
