import { SegmentedControl } from '@mantine/core';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';
import { useAddress } from '../../app/address.ts';
import { Loading } from '../../parts/loading.tsx';
import { LevelMark } from '../../parts/level.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { formatCompact, plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { RoomHead } from '../../parts/room-head.tsx';

type Scorecard = Answer<'GET /v1/rules/scorecards'>['scorecards'][number];

const sorts = [
  { value: 'fires', label: 'Most findings' },
  { value: 'false_positives', label: 'Most often wrong' },
  { value: 'cost', label: 'Dearest' },
  { value: 'title', label: 'By name' },
] as const;
type Sort = (typeof sorts)[number]['value'];

const verdictWords: Readonly<Record<Scorecard['verdict'], string>> = { keep: 'Keep', tune: 'Tune', retire: 'Retire' };

const scorecardsQuery = (sort: Sort) =>
  queryOptions({
    queryKey: ['scorecards', sort],
    queryFn: ({ signal }) => call('GET /v1/rules/scorecards', { query: { sort, limit: 200 }, signal }),
    staleTime: 10_000,
  });

/** What the rules are worth: how often they fire, and what people said their alerts were. */
export function RulesRoom() {
  const { get, change } = useAddress();
  const sort = sorts.find(({ value }) => value === get('sort'))?.value ?? 'fires';
  const { data, error, refetch } = useQuery(scorecardsQuery(sort));
  return (
    <div className="room-inner">
      <RoomHead title="Rules" lead="What they found, and what it turned out to be.">
        <SegmentedControl
          aria-label="In which order"
          value={sort}
          data={sorts.map((one) => ({ ...one }))}
          onChange={(value) => change({ sort: value === 'fires' ? undefined : value })}
        />
      </RoomHead>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[220]} /> : null}
      {data === undefined ? null : (
        <div className="sheet flush">
          <div className="table-wrap" tabIndex={0} role="region" aria-label="Scorecards of rules">
            <table className="plain">
              <thead>
                <tr>
                  <th scope="col">Rule</th>
                  <th scope="col">Verdict</th>
                  <th scope="col">24 h</th>
                  <th scope="col">30 days</th>
                  <th scope="col">Wrong</th>
                  <th scope="col" title="Of the processor time of all rules in 30 days, estimated">
                    Cost
                  </th>
                  <th scope="col">Why</th>
                </tr>
              </thead>
              <tbody>
                {data.scorecards.map((card) => (
                  <tr key={card.rule_id}>
                    <td>
                      <LevelMark level={card.level} />{' '}
                      <Link href={`/alerts?rule=${encodeURIComponent(card.rule_id)}`}>{printable(card.title)}</Link>
                    </td>
                    <td>
                      {card.verdict === 'keep' ? verdictWords.keep : <strong>{verdictWords[card.verdict]}</strong>}
                    </td>
                    <td className="one-line">{formatCompact(card.fires_24h)}</td>
                    <td className="one-line">{formatCompact(card.fires_30d)}</td>
                    <td className="one-line">{wrongWords(card)}</td>
                    <td className="one-line">
                      {card.is_costly ? <strong>{costWords(card)}</strong> : costWords(card)}
                    </td>
                    <td className="small">
                      {printable(card.reason)}
                      {card.hidden_30d === 0 ? '' : `; ${formatCompact(card.hidden_30d)} hidden by exceptions`}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {data.total > data.scorecards.length ? (
            <p className="quiet small">
              The first {plural(data.scorecards.length, 'rule')} of {data.total}.
            </p>
          ) : null}
        </div>
      )}
    </div>
  );
}

function costWords({ processor_share: share }: Scorecard): string {
  if (share === null) return '–';
  return share > 0 && share < 0.001 ? 'under 0.1 %' : `${Math.round(share * 1000) / 10} %`;
}

function wrongWords({ false_positive_ratio: ratio, judged }: Scorecard): string {
  return ratio === null ? '–' : `${Math.round(ratio * 100)} % of ${judged}`;
}
