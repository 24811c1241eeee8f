import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from 'wouter';
import { call } from '../../api/call.ts';
import { Clock } from '../../parts/clock.tsx';
import { LevelMark, levelsFromTop } from '../../parts/level.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { formatCount, plural } from '../../parts/numbers.ts';
import { HuntGroups } from './hunt-groups.tsx';
import { HuntProgress } from './hunt-progress.tsx';
import { huntMatchesQuery, huntQuery, huntsQuery, isUnderWay } from './hunts-query.ts';
import type { HuntAnswer } from './hunts-query.ts';

/** One hunt: how far it is, what each rule found, and where. */
export function HuntView({
  id,
  canRun,
  rule,
  onRule,
}: {
  readonly id: string;
  readonly canRun: boolean;
  readonly rule: string | undefined;
  readonly onRule: (rule: string | undefined) => void;
}) {
  const { data, error, refetch } = useQuery(huntQuery(id));
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => call('POST /v1/hunts/{id}/cancel', { params: { id } }),
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: huntQuery(id).queryKey }),
        queries.invalidateQueries({ queryKey: huntsQuery.queryKey }),
      ]),
  });
  if (error !== null) return <ProblemNotice problem={error} retry={() => void refetch()} />;
  if (data === undefined) return <Loading heights={[80, 200]} />;
  const { hunt, rules } = data;
  const found = rules.filter(({ matches }) => matches > 0);
  const correlations = found.filter(({ kind }) => kind === 'correlation');
  const isCorrelation = correlations.some((one) => one.id === rule);
  return (
    <section className="stack tight" aria-label="Hunt">
      <div className="sheet stack tight">
        <HuntProgress hunt={hunt} />
        {isUnderWay(hunt) && canRun ? (
          <div>
            <Button variant="default" size="xs" loading={cancel.isPending} onClick={() => cancel.mutate()}>
              End it here
            </Button>
          </div>
        ) : null}
        {cancel.error === null ? null : <ProblemNotice problem={cancel.error} />}
        {hunt.notes.map((note) => (
          <p key={note} className="quiet small">
            {note}
          </p>
        ))}
        {hunt.unscannable === 0 ? null : (
          <Notice tone="warn" title={`${plural(hunt.unscannable, 'event')} could not be evaluated in full`} />
        )}
      </div>
      {found.length === 0 ? (
        <p className="quiet">
          {isUnderWay(hunt) ? 'Nothing found so far.' : `None of ${plural(rules.length, 'rule')} matched.`}
        </p>
      ) : (
        <div className="sheet flush">
          <div className="table-wrap">
            <table className="plain stage-table">
              <thead>
                <tr>
                  <th scope="col">Rule</th>
                  <th scope="col">Level</th>
                  <th scope="col" className="number">
                    Matches
                  </th>
                  <th scope="col">First</th>
                  <th scope="col">Last</th>
                </tr>
              </thead>
              <tbody>
                {found.map((one) => (
                  <RuleRow key={one.id} rule={one} isOpen={rule === one.id} onRule={onRule} />
                ))}
              </tbody>
            </table>
          </div>
        </div>
      )}
      {correlations.length === 0 || (rule !== undefined && !isCorrelation) ? null : (
        <HuntGroups id={id} rule={rule} correlations={correlations} />
      )}
      {found.length === correlations.length || isCorrelation ? null : (
        <Matches id={id} rule={rule} rules={rules.filter(({ kind }) => kind === 'rule')} />
      )}
    </section>
  );
}

type Rule = HuntAnswer['rules'][number];

function RuleRow({
  rule,
  isOpen,
  onRule,
}: {
  readonly rule: Rule;
  readonly isOpen: boolean;
  readonly onRule: (rule: string | undefined) => void;
}) {
  const level = levelsFromTop.find((one) => one === rule.level) ?? 'medium';
  return (
    <tr>
      <td>
        <button
          type="button"
          className="plain-button"
          aria-pressed={isOpen}
          onClick={() => onRule(isOpen ? undefined : rule.id)}
        >
          {rule.title}
        </button>
      </td>
      <td>
        <LevelMark level={level} />
      </td>
      <td className="number">{formatCount(rule.matches)}</td>
      <td>{rule.first === undefined ? null : <Clock at={rule.first} short={false} />}</td>
      <td>{rule.last === undefined ? null : <Clock at={rule.last} short={false} />}</td>
    </tr>
  );
}

/** Where the events stand; each opens in the search, among what was around it. */
function Matches({
  id,
  rule,
  rules,
}: {
  readonly id: string;
  readonly rule: string | undefined;
  readonly rules: readonly Rule[];
}) {
  const total = rules.reduce((sum, one) => sum + (rule === undefined || one.id === rule ? one.matches : 0), 0);
  const kept = rules.reduce((sum, one) => sum + (rule === undefined || one.id === rule ? one.kept : 0), 0);
  const { data, error } = useQuery(huntMatchesQuery(id, rule, total));
  const titles = new Map(rules.map((one) => [one.id, one.title]));
  if (error !== null) return <ProblemNotice problem={error} />;
  if (data === undefined) return <Loading heights={[160]} />;
  return (
    <div className="sheet flush">
      <div className="sheet-head">
        <h2>Events</h2>
        <span className="quiet small">
          {`the first ${formatCount(data.matches.length)}${kept < total ? `; of ${formatCount(total)} matches ${formatCount(kept)} are kept with their place` : ''}`}
        </span>
      </div>
      <div className="table-wrap">
        <table className="plain stage-table">
          <thead>
            <tr>
              <th scope="col">Received</th>
              <th scope="col">Event</th>
              <th scope="col">Rules</th>
            </tr>
          </thead>
          <tbody>
            {data.matches.map(({ position, received, rules: ids }) => (
              <tr key={position}>
                <td>
                  <Clock at={received} short={false} />
                </td>
                <td>
                  <Link href={aroundAddress(position, received)}>{position}</Link>
                </td>
                <td>{ids.map((one) => titles.get(one) ?? one).join(', ')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

const aroundMs = 60_000;

function aroundAddress(position: string, received: string): string {
  const atMs = Date.parse(received);
  const query = new URLSearchParams({
    open: position,
    from: new Date(atMs - aroundMs).toISOString(),
    to: new Date(atMs + aroundMs).toISOString(),
  });
  return `/search?${query}`;
}
