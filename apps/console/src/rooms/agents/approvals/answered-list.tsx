import { Clock } from '../../../parts/clock.tsx';
import { printable } from '../../../parts/printable.ts';
import { outcomeWords } from './approval-words.ts';
import type { AnsweredApproval } from './approvals-query.ts';

/** How questions of before were answered, newest first. */
export function AnsweredList({ answered }: { readonly answered: readonly AnsweredApproval[] }) {
  return (
    <section className="sheet" aria-label="Answered">
      <h2>Answered</h2>
      <ul className="lines">
        {answered.map((one) => (
          <li key={one.id}>
            <span className="line-main">
              <span className="line-name breaks">{printable(one.title)}</span>
              <span className="quiet small breaks">
                {outcomeWords(one)} · <Clock at={one.answered_at_ms} />
              </span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
