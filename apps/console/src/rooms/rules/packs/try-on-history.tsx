import { Button, NativeSelect } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { formatCount, plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import { huntQuery, isUnderWay } from '../../hunts/hunts-query.ts';
import type { ShownPack, ShownVersion } from './packs-queries.ts';
import { usePackChange } from './use-pack-change.ts';

const spans = [1, 7, 30, 90];
const shownRules = 5;

/** What the new and changed rules of a release would have found in what is kept. */
export function TryOnHistory({
  pack,
  release,
  canRun,
}: {
  readonly pack: ShownPack;
  readonly release: ShownVersion;
  readonly canRun: boolean;
}) {
  const [days, setDays] = useState(7);
  const begin = usePackChange('POST /v1/rules/packs/{name}/versions/{version}/try');
  const { tried } = release;
  const hunts = useQueries({ queries: (tried?.hunts ?? []).map((id) => huntQuery(id)) });
  const answers = hunts.flatMap(({ data }) => (data === undefined ? [] : [data]));
  const found = answers.flatMap(({ rules }) => rules.filter(({ matches }) => matches > 0));
  const noisiest = found.toSorted((a, b) => b.matches - a.matches);
  const isRunning = answers.some(({ hunt }) => isUnderWay(hunt));
  const events = answers[0]?.hunt.events ?? 0;
  return (
    <div className="sheet">
      <div className="row spread">
        <span>
          {tried === undefined ? (
            'What would its new and changed rules have found?'
          ) : (
            <strong>
              {isRunning ? 'So far, ' : ''}
              {formatCount(found.length)} of {plural(tried.rules, 'new or changed rule')} would have matched{' '}
              {plural(
                found.reduce((sum, { matches }) => sum + matches, 0),
                'time',
              )}{' '}
              in {plural(tried.days, 'day')} ({plural(events, 'event')})
            </strong>
          )}
        </span>
        {canRun && release.version !== pack.in_force ? (
          <span className="row">
            <NativeSelect
              aria-label="Of how many days"
              value={String(days)}
              data={spans.map((span) => ({ value: String(span), label: `Last ${plural(span, 'day')}` }))}
              onChange={(event) => setDays(Number(event.currentTarget.value))}
            />
            <Button
              variant="default"
              loading={begin.isPending}
              onClick={() => begin.mutate({ params: { name: pack.name, version: release.version }, body: { days } })}
            >
              Try on history
            </Button>
          </span>
        ) : null}
      </div>
      {begin.error === null ? null : <ProblemNotice problem={begin.error} />}
      {hunts.some(({ error }) => error !== null) ? (
        <p className="quiet small">What it found is gone, or is not yours to see.</p>
      ) : null}
      {answers
        .filter(({ hunt }) => isUnderWay(hunt))
        .map(({ hunt }) => (
          <progress
            key={hunt.id}
            className="hunt-progress"
            max={100}
            value={hunt.percent}
            aria-label="Progress of the hunt"
          />
        ))}
      {noisiest.length === 0 ? null : (
        <ul className="pack-list small">
          {noisiest.slice(0, shownRules).map(({ id, title, matches }) => (
            <li key={id}>
              {formatCount(matches)} × {printable(title)}
            </li>
          ))}
        </ul>
      )}
      {tried === undefined ? null : (
        <p className="small">
          {tried.hunts.map((id, place) => (
            <Link key={id} href={`/search/hunts?hunt=${encodeURIComponent(id)}`}>
              {place === 0 ? 'Everything it found' : ` and part ${place + 1}`}
            </Link>
          ))}
        </p>
      )}
    </div>
  );
}
