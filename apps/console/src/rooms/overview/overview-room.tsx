import { useQuery } from '@tanstack/react-query';
import { countOf, overviewQuery } from '../../api/queries.ts';
import type { Me, Overview } from '../../api/queries.ts';
import { may } from '../../app/rooms.ts';
import { Loading } from '../../parts/loading.tsx';
import { formatCompact, plural } from '../../parts/numbers.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { RoomHead } from '../../parts/room-head.tsx';
import { AlertsSheet } from './alerts-sheet.tsx';
import { HttpsWarnings } from './https-warnings.tsx';
import { LedgerSheet } from './ledger-sheet.tsx';
import { ProcessesSheet } from './processes-sheet.tsx';
import { RateSheet } from './rate-sheet.tsx';
import { SourcesSheet } from './sources-sheet.tsx';
import { TryIt } from './try-it.tsx';

/** What comes in, what was found, what is silent, and whether it is all being recorded. */
export function OverviewRoom({ me }: { readonly me: Me }) {
  const { data, error, refetch } = useQuery(overviewQuery);
  return (
    <div className="room-inner">
      <RoomHead title="Overview" lead={data === undefined ? undefined : summaryOf(data)} />
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      <HttpsWarnings me={me} />
      {data === undefined && error === null ? <Loading heights={[240, 240, 180]} /> : null}
      {data === undefined ? null : (
        <>
          {may(me, 'demo:run') ? <TryIt overview={data} /> : null}
          <div className="overview-grid">
            <RateSheet overview={data} />
            <AlertsSheet overview={data} />
            <SourcesSheet overview={data} withSensors={may(me, 'sensors:read')} />
            <ProcessesSheet overview={data} />
            <LedgerSheet overview={data} />
          </div>
        </>
      )}
    </div>
  );
}

/** The state of everything in one sentence. */
function summaryOf({ alerts, sources, processes }: Overview): string {
  const down = processes.filter(({ up }) => !up).map(({ name }) => name);
  if (down.length > 0) return `Not everything is running: ${down.join(', ')} is down.`;
  const troubles = processes.flatMap(({ name, detail }) => (detail === null ? [] : `${name}: ${detail}`));
  if (troubles.length > 0) return `Not everything is well. ${troubles.join('; ')}.`;
  const silent = (sources ?? []).filter((source) => source.silent).length;
  const unseen = countOf(alerts, 'new');
  const open = unseen + countOf(alerts, 'acknowledged');
  const parts = [
    open === 0
      ? 'No open alerts'
      : `${formatCompact(open)} open ${open === 1 ? 'alert' : 'alerts'}, ${formatCompact(unseen)} new`,
    sources === null || sources.length === 0
      ? 'no source yet'
      : silent === 0
        ? `${plural(sources.length, 'source')}, none silent`
        : `${plural(silent, 'source')} silent`,
    'everything is recorded',
  ];
  return `${parts.join('; ')}.`;
}
