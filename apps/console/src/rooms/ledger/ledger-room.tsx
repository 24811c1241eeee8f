import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Link } from 'wouter';
import { call } from '../../api/call.ts';
import type { Me } from '../../api/queries.ts';
import { may } from '../../app/rooms.ts';
import { Loading } from '../../parts/loading.tsx';
import { formatCount } from '../../parts/numbers.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { RoomHead } from '../../parts/room-head.tsx';
import { TimeChart } from '../../parts/time-chart.tsx';
import { fillBuckets } from '../search/fill-buckets.ts';
import { histogramQuery } from '../search/search-queries.ts';
import { ArchiveSheet } from './archive-sheet.tsx';
import { AnchorsSheet } from './anchors-sheet.tsx';
import { LogSheet } from './log-sheet.tsx';
import { WitnessesSheet } from './witnesses-sheet.tsx';

/** What was recorded, and the means to check every word of it here, without believing the server. */
export function LedgerRoom({ me }: { readonly me: Me }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['ledger'],
    queryFn: ({ signal }) => call('GET /v1/ledger', { signal }),
    refetchInterval: 10_000,
  });
  const [current = '', size = ''] = data?.head.split('/') ?? [];
  return (
    <div className="room-inner">
      <RoomHead
        title="Ledger"
        lead="Every event, alert and decision is an entry of a Merkle tree that can only grow. Each seal is checked in this browser, against a key it remembers."
      >
        <Link href="/verify">Verify an evidence file</Link>
      </RoomHead>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[180, 240]} /> : null}
      {data === undefined ? null : (
        <>
          <section className="sheet" aria-labelledby="growth">
            <div className="sheet-head">
              <h2 id="growth">Growth</h2>
              <span className="quiet small">events sealed over time</span>
              <span>
                <strong className="figure">{formatCount(Number(size))}</strong>{' '}
                <span className="quiet">entries in log {current}</span>
              </span>
            </div>
            <Growth />
          </section>
          <WitnessesSheet canChange={may(me, 'settings:manage')} />
          <AnchorsSheet canChange={may(me, 'settings:manage')} />
          <ArchiveSheet canChange={may(me, 'settings:manage')} />
          {data.logs.toReversed().map((log) => (
            <LogSheet key={log.number} log={log} isCurrent={String(log.number) === current} />
          ))}
        </>
      )}
    </div>
  );
}

const growthEveryMs = 10_000;

function Growth() {
  const { data } = useQuery({ ...histogramQuery({}), refetchInterval: growthEveryMs });
  const points = useMemo(() => {
    let total = 0;
    return fillBuckets(data).map(({ timeMs, count }) => {
      total += count;
      return { timeMs, count: total };
    });
  }, [data]);
  return (
    <TimeChart
      points={points}
      kind="area"
      height={140}
      unit="events in all"
      label={`Events sealed over time, ${formatCount(points.at(-1)?.count ?? 0)} in all`}
    />
  );
}
