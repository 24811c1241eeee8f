import { useQuery } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { Me } from '../../api/queries.ts';
import { may } from '../../app/rooms.ts';
import { Clock } from '../../parts/clock.tsx';
import { Notice } from '../../parts/notice.tsx';
import { plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { refusalWords } from './refusal-words.ts';
import { listenersQuery } from './source-queries.ts';
import type { SourceRow } from './source-queries.ts';

/** Every door that events come in through. */
const doors = /^\/(v1\/events|v1\/logs|services\/collector)(\/|$)/;
const lookEveryMs = 2000;
const shown = 3;

/** Who knocked since then and was not let in, from the audit trail: a wrong key names no source. */
export function RequestRefusals({ me, sinceMs }: { readonly me: Me; readonly sinceMs: number }) {
  const { data } = useQuery({
    queryKey: ['refusals', sinceMs],
    queryFn: async ({ signal }) => {
      const query = { action: 'request.denied', since: new Date(sinceMs).toISOString(), limit: 50 };
      const { entries } = await call('GET /v1/audit', { query, signal });
      return entries.filter(({ target }) => doors.test(target.id));
    },
    enabled: may(me, 'audit:read'),
    refetchInterval: lookEveryMs,
  });
  return (data ?? []).slice(0, shown).map(({ position, received, actor, details }) => {
    const { words, remedy } = refusalWords(textOf(details['code']));
    const by = actor.kind === 'key' ? `the key “${printable(actor.name)}”` : 'somebody';
    return (
      <Notice key={position} tone="bad" title={`Refused: ${words}`}>
        <p>{remedy}</p>
        <p className="quiet small">
          Sent by {by} from {printable(textOf(details['address']))}, <Clock at={received} />
        </p>
      </Notice>
    );
  });
}

/** Why the last request of a source that may send was not taken. */
export function LastRefusal({ source }: { readonly source: Pick<SourceRow, 'last_refusal'> }) {
  const refusal = source.last_refusal;
  if (refusal === undefined) return null;
  const { words, remedy } = refusalWords(refusal.code);
  return (
    <Notice tone="bad" title={`Refused: ${words}`}>
      <p>{remedy}</p>
      <p className="quiet small">
        {printable(refusal.message)}, <Clock at={refusal.at_ms} />
      </p>
    </Notice>
  );
}

/** What the listeners did not let in since then, by reason. */
export function ListenerRefusals({ before }: { readonly before: Readonly<Record<string, number>> }) {
  const { data } = useQuery({ ...listenersQuery, refetchInterval: lookEveryMs });
  const more = Object.entries(data?.refused_by ?? {}).flatMap(([reason, count]) => {
    const times = count - (before[reason] ?? 0);
    return times > 0 ? [{ reason, times }] : [];
  });
  return more.map(({ reason, times }) => {
    const { words, remedy } = refusalWords(reason);
    return (
      <Notice key={reason} tone="bad" title={`Refused ${plural(times, 'time')}: ${words}`}>
        <p>{remedy}</p>
      </Notice>
    );
  });
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
