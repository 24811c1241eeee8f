import { useQuery } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { printable } from '../../parts/printable.ts';

/** How the clock of the server is kept, in a line. */
export function ServerClock() {
  const { data } = useQuery({
    queryKey: ['server-clock'],
    queryFn: ({ signal }) => call('GET /v1/clock', { signal }),
    refetchInterval: 60_000,
  });
  if (data === undefined || data.words === null) return null;
  const { words, trouble, synchronised, measured } = data;
  const tone = trouble !== null ? 'bad' : synchronised === 'yes' ? 'good' : 'warn';
  const lead = { bad: 'wrong', good: 'right', warn: 'unknown' }[tone];
  return (
    <section className="sheet" aria-labelledby="server-clock">
      <div className="sheet-head">
        <h2 id="server-clock">Clock of the server</h2>
        <span className={`state-mark ${tone}`}>{lead}</span>
      </div>
      <p className="small">
        {capitalised(printable(words))}.
        {measured === null
          ? ''
          : measured.problem === null
            ? ` Measured against ${printable(measured.server)}: ${Math.round(measured.offset_ms ?? 0)} ms, ± ${Math.ceil(measured.uncertainty_ms ?? 0)}.`
            : ` ${printable(measured.server)}: ${printable(measured.problem)}.`}
      </p>
    </section>
  );
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
