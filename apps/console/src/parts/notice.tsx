import { IconAlertTriangle, IconCircleCheck, IconInfoCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Problem } from '../api/problem.ts';

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

/** What happened, what to try, and what to quote when asking for help. */
export function ProblemNotice({ problem, retry }: { readonly problem: unknown; readonly retry?: () => void }) {
  const known = problem instanceof Problem ? problem : undefined;
  return (
    <Notice tone="bad" title={known?.message ?? 'Something went wrong in this page'}>
      {known?.hint === undefined ? null : <p>{known.hint}</p>}
      {known?.retryAfterSeconds === undefined ? null : <p>Try again in {known.retryAfterSeconds} s.</p>}
      {known === undefined && problem instanceof Error ? <p>{problem.message}</p> : null}
      <p className="small quiet">
        Code <code>{known?.code ?? 'console_error'}</code>
        {known?.correlationId === undefined ? null : (
          <>
            {' '}
            · quote <code>{known.correlationId}</code> when you ask for help
          </>
        )}
        {retry === undefined ? null : (
          <>
            {' · '}
            <button type="button" className="plain-button" onClick={retry}>
              Try again
            </button>
          </>
        )}
      </p>
    </Notice>
  );
}
