import { IconAntenna, IconAntennaOff, IconClockPause, IconFileCheck } from '@tabler/icons-react';
import type { Overview } from '../../api/queries.ts';
import { formatAge, formatCompact, formatCount, plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';

const shown = 8;
type Source = NonNullable<Overview['sources']>[number];
/** What needs a look stands on top. */
const rank: readonly Source['state'][] = ['silent', 'heard', 'quiet', 'waiting', 'finished'];

/** Rules see no fields of these: what a source sends so cannot be searched by field. */
const unreadWords = new Map([
  ['utf8_invalid', 'not UTF-8'],
  ['json_invalid', 'not JSON'],
  ['json_too_deep', 'nested too deep'],
  ['json_too_many_fields', 'too many fields'],
  ['not_an_object', 'not a JSON object'],
  ['line_too_long', 'a line too long'],
  ['event_too_large', 'too large'],
  ['normalise_failed', 'could not be mapped'],
]);

/** Where events come from, and who has fallen silent: what is not heard cannot be seen. */
export function SourcesSheet({ overview }: { readonly overview: Overview }) {
  const sources = overview.sources ?? [];
  const ordered = sources
    .toSorted((a, b) => rank.indexOf(a.state) - rank.indexOf(b.state) || b.accepted - a.accepted)
    .slice(0, shown);
  return (
    <section className="sheet half" aria-labelledby="sources-title">
      <div className="sheet-head">
        <h2 id="sources-title">Sources</h2>
        <span className="quiet small">{sources.length === 0 ? '' : formatCount(sources.length)}</span>
      </div>
      {sources.length === 0 ? (
        <p className="quiet">No source has sent anything. What is not connected cannot be seen.</p>
      ) : null}
      <ul className="lines">
        {ordered.map((source) => (
          <li key={`${source.key_id}/${source.name}`}>
            <StateIcon state={source.state} />
            <span className="line-main">
              <span className="line-name">{printable(source.name)}</span>
              <span className="quiet small">{standingWords(source)}</span>
              {source.unread.map(({ reason, count }) => (
                <span key={reason} className="small warn">
                  {plural(count, 'event')} kept as received: {unreadWords.get(reason) ?? reason}
                </span>
              ))}
            </span>
            <span className="number">{formatCompact(source.accepted)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function StateIcon({ state }: { readonly state: Source['state'] }) {
  switch (state) {
    case 'silent':
      return <IconAntennaOff size={18} stroke={1.7} className="warn" aria-label="silent" />;
    case 'heard':
      return <IconAntenna size={18} stroke={1.7} className="good" aria-label="heard" />;
    case 'finished':
      return <IconFileCheck size={18} stroke={1.7} className="quiet" aria-label="finished" />;
    default:
      return <IconClockPause size={18} stroke={1.7} className="quiet" aria-label={state} />;
  }
}

function standingWords({ state, last_seen_at, due_at }: Source): string {
  const age = last_seen_at === null ? '' : formatAge(Date.parse(last_seen_at), Date.now());
  switch (state) {
    case 'silent':
      return `Silent: last heard ${age}, something was due ${due_at === null ? 'by now' : formatAge(Date.parse(due_at), Date.now())}`;
    case 'heard':
      return age;
    case 'quiet':
      return due_at === null ? `Quiet, ${age}; sends now and then` : `Quiet, ${age}; not due yet`;
    case 'finished':
      return `Sent once, ${age}`;
    case 'waiting':
      return 'Nothing has come yet';
  }
}
