import { SegmentedControl, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useAddress } from '../../../app/address.ts';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import { RoomHead } from '../../../parts/room-head.tsx';
import { columnsOf } from './coverage-columns.ts';
import { CoverageMatrix } from './coverage-matrix.tsx';
import { coverageQuery } from './coverage-query.ts';
import type { CoverageMap, FrameworkId, Verdict } from './coverage-query.ts';
import { NextSources } from './next-sources.tsx';
import { ShareBar } from './share-bar.tsx';
import { TechniquePanel } from './technique-panel.tsx';
import { allVerdicts, VerdictMark, verdictWords } from './verdict-mark.tsx';

const windows = [1, 7, 30] as const;

/** Which techniques the rules in force can see, with the data that actually arrives. */
export function CoveragePage() {
  const { get, change } = useAddress();
  const framework: FrameworkId = get('framework') === 'atlas' ? 'atlas' : 'attack';
  const windowDays = windows.find((days) => String(days) === get('days')) ?? 7;
  const verdict = allVerdicts.find((known) => known === get('verdict'));
  const text = get('q') ?? '';
  const open = get('open');
  const { data, error, refetch } = useQuery(coverageQuery(framework, windowDays));
  const columns = useMemo(() => (data === undefined ? [] : columnsOf(data, { verdict, text })), [data, verdict, text]);
  const isEmpty = columns.every(({ cells }) => cells.length === 0);
  return (
    <div className="room-inner coverage">
      <RoomHead title="Coverage" lead={data === undefined ? undefined : leadOf(data)}>
        <SegmentedControl
          aria-label="Framework"
          value={framework}
          data={[
            { value: 'attack', label: 'ATT&CK' },
            { value: 'atlas', label: 'ATLAS' },
          ]}
          onChange={(value) => change({ framework: value === 'attack' ? undefined : value, open: undefined })}
        />
      </RoomHead>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[56, 120, 420]} /> : null}
      {data === undefined ? null : (
        <>
          <div className="coverage-bar">
            <Verdicts data={data} chosen={verdict} onChoose={(next) => change({ verdict: next })} />
            <TextInput
              aria-label="Find a technique"
              placeholder="T1059, credential…"
              leftSection={<IconSearch size={16} />}
              value={text}
              onChange={(event) => change({ q: event.currentTarget.value }, { replace: true })}
            />
            <SegmentedControl
              aria-label="Data counts that arrived in"
              value={String(windowDays)}
              data={windows.map((days) => ({ value: String(days), label: days === 1 ? '1 day' : `${days} days` }))}
              onChange={(value) => change({ days: value === '7' ? undefined : value })}
            />
          </div>
          <NextSources next={data.next_sources} />
          <div className="with-panel" data-open={open !== undefined}>
            <div className="sheet flush coverage-sheet">
              {isEmpty ? (
                <p className="quiet nothing">No technique fits.</p>
              ) : (
                <CoverageMatrix columns={columns} open={open} onOpen={(id) => change({ open: id })} />
              )}
            </div>
            {open === undefined ? null : (
              <TechniquePanel
                key={open}
                id={open}
                windowDays={windowDays}
                onOpen={(id) => change({ open: id })}
                onClose={() => change({ open: undefined })}
              />
            )}
          </div>
          <Unplaced data={data} />
          <footer className="coverage-foot quiet small">
            <p>
              <a href={`/v1/coverage/export?format=navigator&framework=${framework}&windowDays=${windowDays}`} download>
                Layer for the ATT&CK Navigator
              </a>{' '}
              ·{' '}
              <a href={`/v1/coverage/export?format=csv&framework=${framework}&windowDays=${windowDays}`} download>
                CSV
              </a>
            </p>
            <details>
              <summary>
                {data.name} {data.version}. {data.licence}
              </summary>
              <p>{data.origin}.</p>
            </details>
          </footer>
        </>
      )}
    </div>
  );
}

function leadOf({ counts, name, version, rules }: CoverageMap): string {
  const all = counts.watched + counts.weak + counts.blind + counts.none;
  return `${counts.watched} of ${all} techniques of ${name} ${version} are watched by ${plural(rules, 'rule')} and the data that arrives.`;
}

/** The sum in one bar, and a filter by it. */
function Verdicts({
  data,
  chosen,
  onChoose,
}: {
  readonly data: CoverageMap;
  readonly chosen: Verdict | undefined;
  readonly onChoose: (verdict: Verdict | undefined) => void;
}) {
  return (
    <div className="coverage-sum">
      <ShareBar counts={data.counts} />
      <div className="verdict-filter" role="group" aria-label="Show only">
        {allVerdicts.map((verdict) => (
          <button
            key={verdict}
            type="button"
            aria-pressed={chosen === verdict}
            title={verdictWords[verdict].meaning}
            onClick={() => onChoose(chosen === verdict ? undefined : verdict)}
          >
            <VerdictMark verdict={verdict} /> <strong>{data.counts[verdict]}</strong>
          </button>
        ))}
      </div>
    </div>
  );
}

/** Tags of rules that are nowhere in the matrix. */
function Unplaced({ data }: { readonly data: CoverageMap }) {
  if (data.unplaced.length === 0) return null;
  return (
    <div className="sheet">
      <h2>Tags without a place</h2>
      <p className="quiet small">
        Rules carry them, the table of {data.name} {data.version} does not have them.
      </p>
      <ul className="coverage-list">
        {data.unplaced.map(({ tag, reason, rule_ids: ruleIds }) => (
          <li key={tag}>
            <span className="mono">{printable(tag)}</span>
            <span className="grow">
              {reason === 'withdrawn' ? 'withdrawn, nothing came in its place' : 'unknown id'}
            </span>
            <span className="quiet small">{plural(ruleIds.length, 'rule')}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
