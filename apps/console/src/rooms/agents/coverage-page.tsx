import { useQuery } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { RoomHead } from '../../parts/room-head.tsx';
import { packNames } from './agent-words.ts';

type Threat = Answer<'GET /v1/agents/coverage'>['threats'][number];

const meansWords: Readonly<Record<string, string>> = {
  hooks: 'hooks',
  gateway: 'gateway',
  sessions: 'runs',
  approvals: 'approvals',
  stops: 'the switch',
  redaction: 'redaction',
  ledger: 'the ledger',
  behaviour: 'behaviour',
};

/** Threats that others have named, with what is done about each and what is not. */
export function CoveragePage() {
  const { data, error, refetch } = useQuery({
    queryKey: ['agents', 'coverage'],
    queryFn: ({ signal }) => call('GET /v1/agents/coverage', { signal }),
    staleTime: Infinity,
  });
  const lists = Map.groupBy(data?.threats ?? [], ({ list }) => list);
  return (
    <div className="room-inner">
      <RoomHead
        title="Coverage"
        lead="Threats to agents that others have named: what is done about each here, by which policies, and what is not."
      />
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[72, 72, 72]} label="The map" /> : null}
      {[...lists].map(([list, threats]) => (
        <section key={list} className="sheet" aria-label={list}>
          <h2>{list}</h2>
          <ul className="lines wrapping">
            {threats.map((threat) => (
              <ThreatLine key={threat.id} threat={threat} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function ThreatLine({ threat }: { readonly threat: Threat }) {
  const { id, name, words, gap, means, rules, packs } = threat;
  const holding = packs.filter(({ policies }) => policies.length > 0);
  const by = [
    ...(means.length === 0 ? [] : [means.map((one) => meansWords[one] ?? one).join(', ')]),
    ...(holding.length === 0 ? [] : [`policies of ${holding.map(({ pack }) => packNames[pack]).join(', ')}`]),
    ...(rules.length === 0 ? [] : [rules.length === 1 ? 'one rule' : `${rules.length} rules`]),
  ];
  return (
    <li>
      <span className="line-main">
        <span className="line-name">
          <code className="small">{id}</code> {name}
        </span>
        {words === '' ? null : <span>{words}</span>}
        <span className="quiet small">
          <strong>Not held:</strong> {gap}
        </span>
        {by.length === 0 ? null : <span className="quiet small">By {by.join(' · ')}</span>}
      </span>
    </li>
  );
}
