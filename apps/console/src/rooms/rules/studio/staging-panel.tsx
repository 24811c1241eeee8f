import { Link } from 'wouter';
import { Clock } from '../../../parts/clock.tsx';
import { formatCount, plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import { MakeTest } from './make-test.tsx';
import type { RuleTestDraft } from './rule-test-draft.ts';
import type { OpenDocument } from './studio-queries.ts';

type Staging = NonNullable<OpenDocument['staging']>;

/** What a staged rule matched on the stream, and would have alerted of. */
export function StagingPanel({
  staging,
  onTest,
}: {
  readonly staging: Staging;
  readonly onTest: ((test: RuleTestDraft) => void) | undefined;
}) {
  const total = staging.rules.reduce((sum, { matches }) => sum + matches, 0);
  return (
    <section className="stack tight" aria-label="Staging">
      <p role="status">
        {total === 0 ? 'It has matched nothing' : `It would have made ${plural(total, 'finding')}`} since{' '}
        <Clock at={staging.since} short={false} />. Nobody was alerted.
      </p>
      {staging.rules.map(({ id, title, matches, last }) => (
        <p key={id} className="small">
          <strong>{printable(title)}</strong> {formatCount(matches)}, last <Clock at={last} />
        </p>
      ))}
      {staging.newest.length === 0 ? null : (
        <ul className="lines" aria-label="Newest events it matched">
          {staging.newest.map(({ position, received, rule_id: rule }) => (
            <li key={`${position} ${rule}`}>
              <Clock at={received} />
              <Link href={`/search?open=${position}`}>{position}</Link>
              {onTest === undefined ? null : <MakeTest position={position} onTest={onTest} />}
            </li>
          ))}
        </ul>
      )}
      {staging.hidden === 0 ? null : (
        <p className="quiet small">{staging.hidden} more are audit records, which you may not read.</p>
      )}
    </section>
  );
}
