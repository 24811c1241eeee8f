import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';
import { Loading } from '../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { RoomHead } from '../../parts/room-head.tsx';
import { packNames } from './agent-words.ts';

type Coverage = Answer<'GET /v1/agents/coverage'>;
type Threat = Coverage['threats'][number];

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
    // Policies may break, and be mended, while somebody looks.
    refetchInterval: 60_000,
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
      {data === undefined ? null : <Unreadable coverage={data} />}
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

/** Policies that decide nothing now, so that nobody takes for covered what rests on them. */
function Unreadable({ coverage: { packs, own, threats } }: { readonly coverage: Coverage }) {
  const broken = packs.filter(({ unreadable }) => unreadable !== undefined);
  if (broken.length === 0 && own.unreadable === undefined) return null;
  const count = threats.filter(({ state }) => state === 'broken').length;
  const title =
    count === 0
      ? 'Policies cannot be read'
      : `Policies cannot be read: ${plural(count, 'threat')} below ${count === 1 ? 'counts' : 'count'} as not covered`;
  return (
    <Notice tone="bad" title={title}>
      {own.unreadable === undefined ? null : (
        <p>
          Your own policies: {printable(own.unreadable)}. No call of an agent is let through until they are mended, at{' '}
          <Link href="/agents/policies">Policies</Link>.
        </p>
      )}
      {broken.map(({ pack, agents, unreadable = '' }) => (
        <p key={pack}>
          The pack {packNames[pack]}, by which {plural(agents, 'agent')} {agents === 1 ? 'is' : 'are'} judged:{' '}
          {printable(unreadable)}. No call under it is let through. Install the server anew, or give its agents another
          pack.
        </p>
      ))}
    </Notice>
  );
}

function ThreatLine({ threat }: { readonly threat: Threat }) {
  const { id, name, state, words, gap, means, rules, packs } = threat;
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
          {state === 'covered' ? null : (
            <>
              {' '}
              <span className="chip" data-tone={state === 'broken' ? 'bad' : 'warn'}>
                {state === 'broken' ? 'Broken' : 'Not covered'}
              </span>
            </>
          )}
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
