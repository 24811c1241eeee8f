import { IconAlertTriangle, IconCircleCheck, IconInfoCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { Problem } from '../api/problem.ts';
import { actionWords } from './action-words.ts';

export type Tone = 'plain' | 'good' | 'warn' | 'bad';
const icons = { plain: IconInfoCircle, good: IconCircleCheck, warn: IconAlertTriangle, bad: IconAlertTriangle };

export function Notice({
  tone = 'plain',
  title,
  children,
}: {
  readonly tone?: Tone;
  readonly title: string;
  readonly children?: ReactNode;
}) {
  const Icon = icons[tone];
  return (
    <div className="notice" data-tone={tone} role={tone === 'bad' ? 'alert' : undefined}>
      <Icon aria-hidden="true" />
      <div>
        <strong>{title}</strong>
        {children}
      </div>
    </div>
  );
}

/** What happened and what to try. Of what nobody foresaw, and of what policies refused, also, folded away, what to quote when asking for help. */
export function ProblemNotice({ problem, retry }: { readonly problem: unknown; readonly retry?: () => void }) {
  const known = problem instanceof Problem ? problem : undefined;
  const lacking = lackingOf(known);
  return (
    <Notice tone="bad" title={known?.message ?? 'Something went wrong in this page'}>
      {known?.hint === undefined ? null : <p>{capitalised(known.hint)}</p>}
      {known?.retryAfterSeconds === undefined ? null : <p>Try again in {known.retryAfterSeconds} s.</p>}
      {lacking === undefined ? null : (
        <p className="small">
          <Link href={`/people/requests?view=mine&ask=1&for=${encodeURIComponent(lacking)}`}>
            Ask for the right to {actionWords(lacking)}
          </Link>
        </p>
      )}
      {known === undefined && problem instanceof Error ? <p>{problem.message}</p> : null}
      {retry === undefined ? null : (
        <p className="small">
          <button type="button" className="plain-button" onClick={retry}>
            Try again
          </button>
        </p>
      )}
      {known !== undefined && known.status > 0 && known.status < 500 && known.code !== 'scope_missing' ? null : (
        <details className="small quiet">
          <summary>Details</summary>
          Code <code>{known?.code ?? 'console_error'}</code>
          {known?.correlationId === undefined ? null : (
            <>
              {' '}
              · quote <code>{known.correlationId}</code> when you ask for help
            </>
          )}
        </details>
      )}
    </Notice>
  );
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The right that was missing, where somebody may get it for a time. */
function lackingOf(problem: Problem | undefined): string | undefined {
  const scope = problem?.code === 'scope_missing' ? problem.details.get('scope') : undefined;
  return typeof scope === 'string' ? scope : undefined;
}
