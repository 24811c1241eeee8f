import { Clock } from '../../parts/clock.tsx';
import { plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { formatSpan } from '../../parts/span.ts';
import { Seal } from '../../seal/seal.tsx';
import { leadMs } from './camera-queries.ts';
import type { Timeline } from './camera-types.ts';
import { gapNames, gapWords, momentWords } from './camera-words.ts';

/** More than this nobody reads; the drawing shows them all. */
const mostListed = 60;

/** The timeline in words: what happened, what is missing and why, and every segment with its seal. */
export function RecordedList({
  timeline,
  onPlay,
}: {
  readonly timeline: Timeline;
  /** From a moment on, or from so much before it. */
  readonly onPlay: (atMs: number, beforeMs?: number) => void;
}) {
  const { moments, gaps, segments } = timeline;
  const newestFirst = moments.toSorted((a, b) => b.from_ms - a.from_ms);
  return (
    <div className="recorded-list">
      <details className="fold">
        <summary>{plural(moments.length, 'moment')} in words</summary>
        <ul className="lines">
          {newestFirst.slice(0, mostListed).map((moment) => (
            <li key={moment.id}>
              <span className="line-main">
                <button type="button" className="plain-button" onClick={() => onPlay(moment.from_ms, leadMs)}>
                  {printable(momentWords(moment))}
                </button>
              </span>
              <span className="quiet small">
                <Clock at={moment.from_ms} />
                {moment.to_ms - moment.from_ms >= 1000 ? `, for ${formatSpan(moment.to_ms - moment.from_ms)}` : ''}
              </span>
            </li>
          ))}
        </ul>
      </details>
      {gaps.length === 0 ? (
        <p className="quiet small">No gap in this span.</p>
      ) : (
        <details className="fold">
          <summary>{plural(gaps.length, 'gap')}, with the reason</summary>
          <ul className="lines">
            {gaps.slice(0, mostListed).map(({ from_ms, to_ms, why }) => (
              <li key={`${why}-${from_ms}`}>
                <span className="line-main">
                  <span className="line-name">
                    {gapNames[why]}, {formatSpan(to_ms - from_ms)}
                  </span>
                  <span className="quiet small">{gapWords[why]}</span>
                </span>
                <span className="quiet small">
                  <Clock at={from_ms} /> – <Clock at={to_ms} />
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
      <details className="fold">
        <summary>{plural(segments.length, 'segment')}, each sealed in the ledger</summary>
        <ul className="lines">
          {segments
            .slice(-mostListed)
            .toReversed()
            .map((segment) => (
              <li key={segment.start_ms}>
                <span className="line-main">
                  <button type="button" className="plain-button" onClick={() => onPlay(segment.start_ms)}>
                    Play from here
                  </button>
                </span>
                <span className="quiet small">
                  <Clock at={segment.start_ms} />, {formatSpan(segment.end_ms - segment.start_ms)},{' '}
                  {plural(segment.frames, 'picture')}
                  {segment.late ? ', uploaded later' : ''}
                </span>
                <Seal position={segment.position} />
              </li>
            ))}
        </ul>
        {segments.length > mostListed ? <p className="quiet small">The newest {mostListed} of this span.</p> : null}
      </details>
    </div>
  );
}
